/* The command bar: Ctrl+K, some letters, the arrows, Enter. The server says what fits.
   Without this file its link leads to a page of the same choices. */

const dialog = document.getElementById("command");
const input = document.getElementById("command-input");
const list = document.getElementById("command-choices");

const choices = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
let answered = null;
let isHurried = false;
const chosen = () => list.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function open() {
  if (dialog.open || document.querySelector("dialog[open]")) return;
  input.value = "";
  answered = null;
  isHurried = false;
  input.form.elements.ticket.value = document.querySelector("#ticket[data-ticket]")?.dataset.ticket ?? "";
  dialog.showModal();
  input.focus();
  htmx.trigger(input.form, "veilleur:ask");
}

/* An act is its key, pressed on the page below. */
function follow(option) {
  if (!option) return;
  dialog.close();
  if (option.dataset.href) location.assign(option.dataset.href);
  else document.body.dispatchEvent(new KeyboardEvent("keydown", { key: option.dataset.key, bubbles: true, cancelable: true }));
}

/* Who types quicker than the server answers means what they typed, not what is still shown. */
function enter() {
  if (answered === input.value) follow(chosen());
  else isHurried = true;
}

function onChoices(event) {
  answered = event.detail.requestConfig.parameters.c;
  choose(choices()[0]);
  if (isHurried && answered === input.value) follow(chosen());
}

function move(by) {
  const all = choices();
  if (all.length) choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

function onInputKey(event) {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") enter();
  else return;
  event.preventDefault();
}

function onKey(event) {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  }
  if (event.key === "F" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea, select, dialog[open]")) {
    document.querySelector("[data-focus]")?.click();
  }
}

function onClick(event) {
  if (event.target.closest("[data-command-open]")) {
    event.preventDefault();
    open();
  } else if (event.target === dialog) dialog.close();
  else if (list.contains(event.target)) follow(event.target.closest("[role=option]:not([aria-disabled])"));
}

if (dialog) {
  input.addEventListener("keydown", onInputKey);
  input.form.addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("htmx:afterSettle", onChoices);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
}
