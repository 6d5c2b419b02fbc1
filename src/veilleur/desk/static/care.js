/* Sparing those who read: a covered text is shown when asked for, and a pause is proposed after many.
   What was read is counted here, in this browser, and told to nobody. */

const HOUR_MS = 3600000;
const READ = "veilleur.hard";
const SHOWN = "veilleur.shown";

const veil = () => document.querySelector("[data-distress]");

function stored(place, name) {
  try {
    return JSON.parse(place.getItem(name)) ?? [];
  } catch {
    return [];
  }
}

/* Remembered for that message only, until the window is closed. */
function onToggle(event) {
  const part = event.target.closest?.("[data-distress]");
  if (!part) return;
  const shown = new Set(stored(sessionStorage, SHOWN));
  if (part.open) shown.add(part.dataset.distress);
  else shown.delete(part.dataset.distress);
  sessionStorage.setItem(SHOWN, JSON.stringify([...shown].slice(-200)));
  if (part.open) count(part);
}

function count(part) {
  const after = Number(part.dataset.pauseAfter);
  const since = Date.now() - HOUR_MS;
  const read = stored(localStorage, READ).filter(([id, at]) => at > since && id !== part.dataset.distress);
  read.push([part.dataset.distress, Date.now()]);
  localStorage.setItem(READ, JSON.stringify(read));
  if (after > 0 && read.length >= after) document.querySelector("[data-pause]").hidden = false;
}

function onClick(event) {
  if (!event.target.closest("[data-pause-done]")) return;
  localStorage.removeItem(READ);
  document.querySelector("[data-pause]").hidden = true;
}

function onKey(event) {
  if (event.key !== "v" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!veil() || event.target.closest("input, textarea, select, dialog[open]")) return;
  event.preventDefault();
  veil().open = !veil().open;
}

function look() {
  const part = veil();
  if (!part) return;
  if (part.hidden) count(part);
  else if (stored(sessionStorage, SHOWN).includes(part.dataset.distress)) part.open = true;
}

document.addEventListener("toggle", onToggle, { capture: true });
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:afterSettle", (event) => {
  if (["ticket", "desk"].includes(event.target.id)) look();
});
look();
