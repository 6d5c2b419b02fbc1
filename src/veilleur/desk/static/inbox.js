/* The inbox by keyboard: j and k walk through the list, one letter opens each act.
   Without this file every link and form still works. */

const desk = () => document.getElementById("desk");
const ticket = () => document.querySelector("#ticket[data-ticket]");
const rows = () => [...document.querySelectorAll("#rows .row")];

/* --- the list --- */

function here() {
  const all = rows();
  const focused = all.indexOf(document.activeElement);
  return focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
}

function step(by) {
  const around = ticket()?.querySelector(by > 0 ? "[data-next]" : "[data-previous]");
  const row = rows()[here() + by];
  if (row) openRow(row);
  else if (around) around.click();
  else document.querySelector("[data-more]")?.click();
}

function openRow(row) {
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  row.click();
}

function showOpen() {
  const id = ticket()?.dataset.ticket;
  for (const row of rows()) {
    const isOpen = row.dataset.ticket === id;
    row.toggleAttribute("aria-current", isOpen);
    if (isOpen) row.setAttribute("aria-current", "true");
    if (isOpen) row.classList.remove("unread");
  }
  if (desk()) desk().dataset.open = id ? "ticket" : "list";
}

/* --- acts --- */

function act(letter) {
  const control = ticket()?.querySelector(`[data-act="${CSS.escape(letter)}"]`) ?? toastUndo(letter);
  if (!control) return false;
  if (control.matches("summary")) openSheet(control.parentElement);
  else control.click();
  return true;
}

function toastUndo(letter) {
  return letter === "z" ? document.querySelector("#toasts form [type=submit]") : null;
}

function openSheet(menu) {
  menu.open = true;
  (menu.querySelector(".sheet [data-first]") ?? menu.querySelector(".sheet button:not([disabled])"))?.focus();
}

function moveInSheet(event) {
  const sheet = event.target.closest(".act .sheet");
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!sheet || !by || event.target.matches("input")) return false;
  const choices = [...sheet.querySelectorAll("button:not([disabled])")];
  const next = (choices.indexOf(document.activeElement) + by + choices.length) % choices.length;
  choices[next]?.focus();
  return true;
}

function closeSheet(event) {
  const menu = event.target.closest("details.act[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

/* --- keys --- */

const WALK = { j: 1, k: -1 };
let afterG = -Infinity;

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
}

function startNote() {
  const field = document.getElementById("id_text");
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "center" });
  return Boolean(field);
}

function answer(event) {
  if (moveInSheet(event)) return true;
  if (isTyping(event.target)) return false;
  if (event.key in WALK) return step(WALK[event.key]) ?? true;
  if (event.key === "n") return startNote();
  return "eascrozhfdtwmp123456789".includes(event.key) && act(event.key);
}

function onKey(event) {
  if (event.key === "Escape") closeSheet(event);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  /* « g s » goes to the summary: the letter after a g is not ours. */
  const isChord = event.timeStamp - afterG < 1200;
  afterG = event.key === "g" && !isTyping(event.target) ? event.timeStamp : -Infinity;
  if (!isChord && event.key.length > 0 && answer(event)) event.preventDefault();
}

/* --- what htmx brings --- */

let kept = { scroll: 0, filtersOpen: false };

/* An act brings the whole desk anew: the list stays where it was. Another list starts at its top. */
function beforeSwap(event) {
  const isOtherList = event.detail.requestConfig?.elt?.closest("[data-filters], .pane-views");
  kept = {
    scroll: isOtherList ? 0 : document.getElementById("list")?.scrollTop ?? 0,
    filtersOpen: document.querySelector(".more-filters")?.open ?? false,
  };
}

function putBack() {
  const list = document.getElementById("list");
  const filters = document.querySelector(".more-filters");
  if (list) list.scrollTop = kept.scroll;
  if (filters) filters.open = kept.filtersOpen;
}

function afterSettle(event) {
  if (event.target.id === "desk") putBack();
  showOpen();
  const isTicket = event.detail.target?.id === "ticket" || event.detail.target?.id === "desk";
  if (isTicket && ticket() && !isTyping(document.activeElement)) {
    document.getElementById("ticket-title")?.focus({ preventScroll: true });
  }
}

function dropEmpty(event) {
  if (!event.detail.elt.matches("[data-filters]")) return;
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "") delete event.detail.parameters[name];
  }
}

function applyOnChange(event) {
  const form = event.target.closest("[data-filters]");
  if (form && event.target.matches("select, [type=date]")) form.requestSubmit();
}

document.addEventListener("keydown", onKey, { capture: true });
document.addEventListener("change", applyOnChange);
document.addEventListener("htmx:beforeSwap", beforeSwap);
document.addEventListener("htmx:afterSettle", afterSettle);
document.addEventListener("htmx:configRequest", dropEmpty);
