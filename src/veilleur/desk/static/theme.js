/* Runs before the first paint: the page never flashes in the wrong theme or density. */
(() => {
  const root = document.documentElement;
  const theme = localStorage.getItem("veilleur.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (localStorage.getItem("veilleur.density") === "compact") root.dataset.density = "compact";
})();
