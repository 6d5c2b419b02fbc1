/* What every page does: theme and density, menus, toasts, the help dialog, keys that lead somewhere. */

const root = document.documentElement;
const CHORD_MS = 1200;
const TOAST_MS = 12000;
const MOST_TOASTS = 2;

/* --- theme and density: remembered by this browser only --- */

function remember(name, value, standard) {
  if (value === standard) {
    localStorage.removeItem(`veilleur.${name}`);
    delete root.dataset[name];
  } else {
    localStorage.setItem(`veilleur.${name}`, value);
    root.dataset[name] = value;
  }
  showChoices();
  document.dispatchEvent(new CustomEvent("veilleur:look"));
}

function showChoices() {
  const chosen = { theme: root.dataset.theme ?? "auto", density: root.dataset.density ?? "comfortable" };
  for (const [name, value] of Object.entries(chosen)) {
    for (const button of document.querySelectorAll(`[data-set-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.getAttribute(`data-set-${name}`) === value));
    }
  }
}

/* --- menus: one open at a time, closed by Escape or a click elsewhere --- */

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

/* --- toasts --- */

function fade(toast) {
  const busy = toast.matches(":hover") || toast.contains(document.activeElement);
  if (busy) setTimeout(fade, TOAST_MS, toast);
  else toast.remove();
}

function watchToasts(region) {
  const start = (toast) => {
    if (!toast.matches?.(".toast")) return;
    if (toast.dataset.stays === undefined) setTimeout(fade, TOAST_MS, toast);
    while (region.children.length > MOST_TOASTS) region.firstElementChild.remove();
  };
  region.querySelectorAll(".toast").forEach(start);
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(start);
  }).observe(region, { childList: true });
}

/* --- keys --- */

let chordSince = -Infinity;

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
}

function openHelp() {
  const dialog = document.getElementById("keys");
  if (dialog && !dialog.open) dialog.showModal();
}

function goTo(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function onKey(event) {
  if (event.key === "Escape") closeMenus();
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const inChord = event.timeStamp - chordSince < CHORD_MS;
  chordSince = -Infinity;
  if (inChord && goTo(event.key)) event.preventDefault();
  else if (event.key === "g") chordSince = event.timeStamp;
  else if (event.key === "?") openHelp();
  else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select?.();
  }
}

function onClick(event) {
  const target = event.target.closest("button, a, summary");
  closeMenus(event.target.closest("details.menu"));
  if (!target) return;
  if (target.dataset.setTheme) remember("theme", target.dataset.setTheme, "auto");
  if (target.dataset.setDensity) remember("density", target.dataset.setDensity, "comfortable");
  if (target.matches("[data-open-keys]")) {
    closeMenus();
    openHelp();
  }
  if (target.matches("[data-close]")) target.closest("dialog").close();
  if (target.matches(".toast-close")) target.closest(".toast").remove();
}

showChoices();
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
const toasts = document.getElementById("toasts");
if (toasts) watchToasts(toasts);
