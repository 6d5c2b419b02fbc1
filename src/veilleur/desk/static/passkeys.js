/* A passkey that is refused, forgotten or cancelled: the page says so. */

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const trouble = document.getElementById("passkey-trouble");
  if (trouble) trouble.hidden = false;
});
