/* What is typed in a note is never lost: the browser keeps it until the server has it, and brings it back.
   Without this file a note is kept when it is added. */

const RETRY_MS = 5000;
const NAME = "veilleur.note.";

const field = () => document.querySelector("[data-draft] textarea");
const key = () => NAME + field().closest("[data-draft]").dataset.draft;

function showState(isKept) {
  const words = document.querySelector("[data-not-kept]");
  if (words) words.hidden = isKept;
}

function keep(event) {
  if (event.target !== field()) return;
  localStorage.setItem(key(), event.target.value);
}

/* The server has what it was sent: when nothing was typed since, the browser may forget it. */
function onAnswer(event) {
  const part = event.detail.elt.closest?.("[data-draft]");
  if (!part || part !== field()?.closest("[data-draft]")) return;
  const sent = event.detail.requestConfig?.parameters?.text;
  const isKept = event.detail.successful === true;
  if (isKept && sent === field().value) localStorage.removeItem(key());
  showState(isKept);
}

function onSubmit(event) {
  const form = event.target;
  if (!field() || !form.contains(field())) return;
  form.dataset.sending = key();
}

function onDone(event) {
  const form = event.detail.elt;
  if (!form?.dataset?.sending || !event.detail.successful) return;
  localStorage.removeItem(form.dataset.sending);
}

function bringBack() {
  if (!field()) return;
  const kept = localStorage.getItem(key());
  if (kept === null || kept === field().value) return;
  if (document.activeElement === field()) return;
  field().value = kept;
  send();
}

function send() {
  if (field() && localStorage.getItem(key()) !== null) htmx.trigger(field().closest("[data-draft]"), "veilleur:keep");
}

document.addEventListener("input", keep);
document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("htmx:afterRequest", onAnswer);
document.addEventListener("htmx:afterRequest", onDone);
document.addEventListener("htmx:sendError", onAnswer);
document.addEventListener("htmx:afterSettle", (event) => {
  if (["ticket", "desk"].includes(event.target.id)) bringBack();
});
setInterval(send, RETRY_MS);
bringBack();
