/* Several messages at once: x ticks the row one is on, shift and a click tick all between, b acts on them.
   Without this file the boxes and the button below the list still work. */

const list = () => document.getElementById("list");
const boxes = () => [...document.querySelectorAll("#rows input[name=ticket]")];
const bar = () => document.getElementById("bulk");
let last = null;

function show() {
  const form = bar();
  if (!form) return;
  const count = boxes().filter((box) => box.checked).length;
  const all = form.elements.all?.checked;
  form.querySelector("[data-selected]").textContent = all ? "" : count;
  form.querySelector(".select-count").hidden = Boolean(all);
}

function tickBetween(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const one of all.slice(from, to + 1)) one.checked = box.checked;
}

function onClick(event) {
  const box = event.target.closest("#rows input[name=ticket]");
  if (!box) return;
  if (event.shiftKey && last?.isConnected) tickBetween(box);
  last = box;
  show();
}

function here() {
  const focused = document.activeElement?.closest("#rows > li");
  return (focused ?? document.querySelector("#rows [aria-current]")?.closest("li") ?? document.querySelector("#rows > li"))
    ?.querySelector("input[name=ticket]");
}

function tick() {
  const box = here();
  if (!box) return false;
  box.checked = !box.checked;
  last = box;
  box.closest("li").scrollIntoView({ block: "nearest" });
  return true;
}

function tickAll() {
  const all = boxes();
  const isChecked = !all.every((box) => box.checked);
  for (const box of all) box.checked = isChecked;
  return all.length > 0;
}

function isSelecting() {
  return boxes().some((box) => box.checked) || Boolean(bar()?.elements.all?.checked);
}

function act(macro = "") {
  if (!bar() || !isSelecting()) return false;
  const field = bar().querySelector("[data-macro]");
  field.disabled = !macro;
  field.value = macro;
  bar().requestSubmit();
  return true;
}

function answer(key) {
  if (key === "x") return tick();
  if (key === "X") return tickAll();
  if (key === "b") return act();
  return /^[1-9]$/.test(key) && act(key);
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (list() && answer(event.key)) {
    event.preventDefault();
    show();
  }
}

document.addEventListener("click", onClick);
document.addEventListener("change", show);
document.addEventListener("reset", () => setTimeout(show));
document.addEventListener("keydown", onKey, { capture: true });
document.addEventListener("htmx:afterSettle", show);
show();
