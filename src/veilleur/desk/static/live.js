/* What happens elsewhere, on the screen: who else has this message open, and what changes in the list.
   The server answers an event stream with what is new and ends it; the browser asks again by itself.
   A hidden window asks nothing. Without this file the page is as it was when it was opened. */

const BEAT_MS = 15000;
const QUIET_MS = 4000;
const COUNTS_MS = 20000;
const AGAIN_MS = [5000, 15000, 60000];
const MOST_AT_ONCE = 60;
const own = Math.random().toString(36).slice(2);

const anchor = () => document.querySelector("[data-live]");
const openTicket = () => document.querySelector("#ticket[data-ticket]")?.dataset.ticket;
const byId = (id) => document.getElementById(`row-${id}`)?.closest("li");

/* --- who is there --- */

function beat() {
  if (!document.hidden && document.querySelector("[data-attend]")) document.body.dispatchEvent(new Event("veilleur:attend"));
}

function onWriting(event) {
  const doing = document.querySelector("[data-attend] [name=doing]");
  if (!doing || doing.value !== "reading" || !event.target.closest("[data-draft]")) return;
  doing.value = "writing";
  beat();
}

/* --- the stream --- */

let stream = null;
let mark = "";
let failures = 0;
let timer = 0;
const known = new Map();
let presence = "";
let isFirst = true;

function listen() {
  clearTimeout(timer);
  if (document.hidden || stream || !anchor()) return;
  mark ||= anchor().dataset.mark;
  const address = new URL(anchor().dataset.live, location.href);
  address.search = new URLSearchParams({ window: own, since: mark });
  stream = new EventSource(address);
  stream.addEventListener("state", onState);
  stream.addEventListener("error", onError);
}

function stop() {
  stream?.close();
  stream = null;
  clearTimeout(timer);
}

/* An answer that ended is no failure: the browser is about to ask again. A refused one stays closed. */
function onError() {
  if (stream?.readyState !== EventSource.CLOSED) return;
  stop();
  timer = setTimeout(listen, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
  failures += 1;
}

function onState(event) {
  failures = 0;
  mark = event.lastEventId;
  const told = JSON.parse(event.data);
  const before = isFirst ? [] : Object.entries(told.before);
  if (isFirst) for (const [id, version] of Object.entries(told.before)) known.set(id, version);
  isFirst = false;
  const news = [...before, ...Object.entries(told.versions)].filter(([id, version]) => !(known.get(id) >= version));
  for (const [id, version] of news) known.set(id, version);
  /* What is new, or shown here; anything else is no business of this window. */
  const wanted = news.filter(([id, version]) => version === 1 || byId(id)).map(([id]) => id);
  if (told.many) offer();
  else if (wanted.length) ask(wanted);
  const here = told.present[openTicket()] ?? "";
  const isChanged = here !== presence || news.some(([id]) => id === openTicket());
  presence = here;
  if (isChanged) beat();
}

/* --- the rows --- */

let waiting = new Set();
let askedAt = -Infinity;
let countedAt = -Infinity;
let asking = 0;

/* Windows spread what they ask over a second: a change is news for all of them at once. */
function ask(ids) {
  ids.forEach((id) => waiting.add(id));
  if (waiting.size > MOST_AT_ONCE) {
    waiting = new Set();
    offer();
  }
  clearTimeout(asking);
  asking = setTimeout(fetchRows, Math.max(0, askedAt + QUIET_MS - performance.now()) + 1000 * Math.random());
}

async function fetchRows() {
  const line = anchor();
  if (!line || !waiting.size || document.hidden) return;
  const address = new URL(line.dataset.rows, location.href);
  const top = document.querySelector("#rows .row")?.dataset.ticket;
  address.searchParams.set("tickets", [...waiting].join(","));
  if (top) address.searchParams.set("top", top);
  askedAt = performance.now();
  if (askedAt - countedAt > COUNTS_MS) {
    address.searchParams.set("counts", "1");
    countedAt = askedAt;
  }
  waiting = new Set();
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || line !== anchor()) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  place([...page.querySelectorAll("template[data-ticket]")]);
  showCounts(page.querySelector("template[data-counts]"));
}

function place(parts) {
  const above = parts.filter((part) => part.dataset.standing === "above" && !byId(part.dataset.ticket));
  for (const part of parts) renew(part);
  const list = document.getElementById("rows");
  if (above.length && (!list || anchor().dataset.deep !== undefined)) offer();
  else if (above.length) insert(list, above);
  if (parts.some((part) => part.dataset.standing === "in" && !byId(part.dataset.ticket))) offer();
}

function rowOf(part) {
  return document.importNode(part.content.querySelector("li"), true);
}

function renew(part) {
  const old = byId(part.dataset.ticket);
  if (!old) return;
  const row = rowOf(part);
  const link = row.querySelector(".row");
  if (part.dataset.ticket === openTicket()) {
    link.setAttribute("aria-current", "true");
    link.classList.remove("unread");
  }
  if (part.dataset.standing === "out") leave(row);
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(row);
  htmx.process(row);
  if (hadFocus) row.querySelector(".row").focus({ preventScroll: true });
}

function leave(row) {
  const words = document.createElement("span");
  words.className = "chip row-left";
  words.textContent = document.querySelector("[data-fresh-said]").dataset.left;
  row.classList.add("left");
  row.querySelector(".row-foot").prepend(words);
}

/* What is read stays where it is: the list grows above it. */
function insert(list, parts) {
  const pane = document.getElementById("list");
  const [height, scroll] = [pane.scrollHeight, pane.scrollTop];
  const rows = parts.map(rowOf);
  rows.forEach((row) => row.classList.add("arrived"));
  list.prepend(...rows);
  rows.forEach((row) => htmx.process(row));
  if (scroll > 0) pane.scrollTop = scroll + pane.scrollHeight - height;
  const said = document.querySelector("[data-fresh-said]");
  said.textContent = `${said.dataset.words} (${rows.length})`;
}

function offer() {
  if (anchor()) anchor().hidden = false;
}

function showCounts(part) {
  if (!part) return;
  const links = [...document.querySelectorAll(".pane-views .views a")];
  for (const told of part.content.querySelectorAll("[data-query]")) {
    const link = links.find((one) => new URL(one.href).search.slice(1) === told.dataset.query);
    if (!link || !told.textContent) continue;
    link.querySelector(".count").textContent = told.textContent;
    const whole = document.getElementById("list-count");
    if (whole && link.hasAttribute("aria-current")) whole.textContent = whole.textContent.replace(/\d+\+?/, told.textContent);
  }
}

/* --- when --- */

function onVisibility() {
  if (document.hidden) stop();
  else {
    listen();
    beat();
  }
}

function onClick(event) {
  if (!event.target.closest("[data-again]")) return;
  event.preventDefault();
  location.reload();
}

document.addEventListener("visibilitychange", onVisibility);
document.addEventListener("input", onWriting);
document.addEventListener("click", onClick);
document.addEventListener("htmx:afterSettle", () => {
  presence = document.querySelector("#attendance") ? presence : "";
  listen();
});
addEventListener("pagehide", stop);
addEventListener("online", listen);
setInterval(beat, BEAT_MS);
listen();
