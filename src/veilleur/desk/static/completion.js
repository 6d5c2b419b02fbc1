/* Names of colleagues behind an @ in notes, and names of tags: what fits is offered below the field.
   The words come from the lists of the page; without this file one types them whole. */

const MOST = 8;
const FIELDS = "[data-names], [data-tags]";
let box = null;
let field = null;

const folded = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
const words = (id) => [...document.querySelectorAll(`#${id} option`)].map((one) => one.value);

/* What is being typed: where it begins, and the words that may stand there. */
function typed(into) {
  const before = into.value.slice(0, into.selectionStart ?? into.value.length);
  if (into.matches("[data-tags]")) {
    const start = before.lastIndexOf(",") + 1;
    const text = before.slice(start).trimStart();
    return { start: before.length - text.length, text, words: words("tags"), end: "" };
  }
  const at = before.match(/(?:^|[^\w@.])@([\p{L}][\p{L} '’.-]{0,60}|)$/u);
  return at && { start: before.length - at[1].length, text: at[1], words: words("people"), end: " " };
}

function fitting(now) {
  const begun = folded(now.text);
  if (!begun && field.matches("[data-tags]")) return [];
  const fits = now.words.filter((word) => folded(word).split(/[\s-]/).some((_part, place, all) => all.slice(place).join(" ").startsWith(begun)));
  return fits.filter((word) => folded(word) !== begun).slice(0, MOST);
}

function close() {
  box?.remove();
  box = null;
  field?.removeAttribute("aria-activedescendant");
  tell(false);
}

/* A text area keeps its own role, which knows nothing of being expanded. */
function tell(isOpen) {
  if (field?.getAttribute("role") === "combobox") field.setAttribute("aria-expanded", String(isOpen));
}

function offer() {
  const now = typed(field);
  const fits = now ? fitting(now) : [];
  close();
  if (!fits.length) return;
  box = document.createElement("ul");
  box.className = "offers";
  box.id = "offers";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", field.labels?.[0]?.textContent.trim() ?? "");
  fits.forEach((word, place) => box.append(choice(word, place)));
  field.insertAdjacentElement("afterend", box);
  tell(true);
  field.setAttribute("aria-controls", "offers");
  point(0);
}

function choice(word, place) {
  const one = document.createElement("li");
  one.id = `offer-${place}`;
  one.setAttribute("role", "option");
  one.textContent = word;
  one.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    take(word);
  });
  return one;
}

function point(place) {
  const all = [...box.children];
  const chosen = all[(place + all.length) % all.length];
  for (const one of all) one.setAttribute("aria-selected", String(one === chosen));
  field.setAttribute("aria-activedescendant", chosen.id);
}

function take(word) {
  const now = typed(field);
  const after = field.value.slice(field.selectionStart ?? field.value.length);
  const whole = field.value.slice(0, now.start) + word + now.end;
  field.value = whole + after;
  field.setSelectionRange(whole.length, whole.length);
  close();
}

function onKey(event) {
  if (!box || event.target !== field) return;
  const all = [...box.children];
  const place = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") point(place + 1);
  else if (event.key === "ArrowUp") point(place - 1);
  else if (event.key === "Enter" || event.key === "Tab") take(all[place].textContent);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function begin(event) {
  const into = event.target.closest?.(FIELDS);
  if (!into) return;
  field = into;
  field.removeAttribute("list");
  if (field.matches("input")) field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  tell(false);
}

document.addEventListener("focusin", begin);
document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
document.addEventListener("input", (event) => { if (event.target === field) offer(); });
window.addEventListener("keydown", onKey, { capture: true });
