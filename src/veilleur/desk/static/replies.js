/* The editor of a reply: underlines that follow the text, a field that grows, acts that wait for what is typed.
   Without this file everything still works: the text is kept and judged when the form is sent. */

const field = () => document.querySelector("[data-reply]");
const mirror = () => document.querySelector("[data-mirror]");
let known = field()?.value ?? "";

/* --- the field and its mirror --- */

function fit() {
  const text = field();
  if (!text) return;
  text.style.setProperty("height", "auto");
  text.style.setProperty("height", `${text.scrollHeight + 2}px`);
}

/* Until the server has judged the new text, the marks outside the edit stay where they are. */
function edge(before, after, fromEnd) {
  const most = Math.min(before.length, after.length);
  let same = 0;
  while (same < most && before.at(fromEnd ? -1 - same : same) === after.at(fromEnd ? -1 - same : same)) same += 1;
  return same;
}

function pieces() {
  let at = 0;
  return [...mirror().childNodes].map((node) => {
    const start = at;
    at += node.textContent.length;
    return { start, end: at, kind: node.className ?? "" };
  });
}

function piece(text, kind) {
  if (!kind) return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}

function follow() {
  const now = field().value;
  const head = edge(known, now, false);
  const tail = Math.min(edge(known, now, true), Math.min(known.length, now.length) - head);
  const kept = pieces().flatMap(({ start, end, kind }) => {
    const first = known.slice(start, Math.min(end, head));
    const last = known.slice(Math.max(start, known.length - tail), end);
    return [
      { text: start < head ? first : "", kind, isHead: true },
      { text: end > known.length - tail ? last : "", kind, isHead: false },
    ];
  });
  const before = kept.filter((one) => one.isHead && one.text);
  const after = kept.filter((one) => !one.isHead && one.text);
  const typed = { text: now.slice(head, now.length - tail), kind: "" };
  mirror().replaceChildren(...[...before, typed, ...after].map((one) => piece(one.text, one.kind)));
  known = now;
}

/* --- what the server answers --- */

let isDirty = false;
let pending = "";

function onInput(event) {
  if (!event.target.matches("[data-reply]")) return;
  isDirty = true;
  fit();
  follow();
}

function onAnswer(event) {
  if (event.target.id !== "judgement" && !event.target.closest?.("#judgement")) return;
  const version = document.getElementById("live-version")?.value;
  const marks = document.getElementById("live-mirror");
  if (!version) return;
  for (const input of document.querySelectorAll("[data-version]")) input.value = version;
  if (marks && marks.textContent === field()?.value) {
    mirror().replaceChildren(...[...marks.cloneNode(true).childNodes]);
    known = field().value;
    isDirty = false;
    if (pending) document.querySelector(`.reply-acts form[action="${CSS.escape(pending)}"]`)?.requestSubmit();
    pending = "";
  }
}

/* An act speaks of the text that was judged: what was typed meanwhile is kept and judged first. */
function onSubmit(event) {
  const form = event.target;
  if (!isDirty || form.id === "reply-form" || form.matches("[data-fresh]") || !form.closest("#judgement")) return;
  event.preventDefault();
  pending = form.closest(".reply-acts") ? form.getAttribute("action") : "";
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

async function onClick(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copy).textContent;
  await navigator.clipboard.writeText(text);
  button.textContent = `${button.textContent.replace(/ ✓$/u, "")} ✓`;
}

/* Who leaves in the middle of a word finds it again. */
function onLeave() {
  const form = document.getElementById("reply-form");
  if (isDirty && form) fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true });
}

document.addEventListener("input", onInput);
document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("click", onClick);
document.addEventListener("htmx:afterSettle", onAnswer);
addEventListener("pagehide", onLeave);
fit();
