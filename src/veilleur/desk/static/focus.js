/* Focus mode by keyboard: a digit closes, q leaves; the other keys are those of the inbox.
   Without this file every button still works. */

const KEYS = "123456789q";

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key.length !== 1 || !KEYS.includes(event.key) || document.querySelector("#desk.htmx-request, #desk .htmx-request")) return;
  const control = document.querySelector(`#desk [data-act="${CSS.escape(event.key)}"]`);
  if (!control) return;
  event.preventDefault();
  control.click();
}

/* The next message starts at its top, with its title in focus for those who listen. */
function onSettle(event) {
  if (event.target.id !== "desk") return;
  document.querySelector(".focus-message")?.scrollTo(0, 0);
  scrollTo(0, 0);
  document.getElementById("ticket-title")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", onKey);
document.addEventListener("htmx:afterSettle", onSettle);
