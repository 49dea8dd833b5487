// The feed: (topic, payload) pairs in, one model a site, drawn at most once a frame. Never shows old values as live.
import { draw, drawLink } from "./view.js";
import { words } from "./words.js";

const SILENT_MS = 12_000; // the server says something every 5 s
const QUIET_MS = 15_000; // the energy manager publishes at least every 5 s
const RETRY_MS = 5_000;

const sites = new Map(); // slug -> Map(path -> value)
const newest = new Map(); // slug -> when a pair of it last changed
const choice = document.getElementById("sites");
let source = null;
let heardAt = 0; // anything from the server
let triedAt = 0;
let open = false;
let due = false;

function take([topic, payload]) {
  const [root, slug, ...path] = topic.split("/");
  if (root !== "hutschiene" || !path.length) return;
  if (!sites.has(slug)) addSite(slug);
  let value = payload;
  if (payload.startsWith("{")) {
    try { value = JSON.parse(payload); } catch { return; }
  }
  sites.get(slug).set(path.join("/"), value);
  newest.set(slug, Date.now());
}

function addSite(slug) {
  sites.set(slug, new Map());
  choice.add(new Option(slug));
  choice.hidden = sites.size < 2;
  if ("#" + slug === location.hash) choice.value = slug;
}

function state(slug) {
  if (!source || !heardAt) return "waiting";
  if (!open || Date.now() - heardAt > SILENT_MS) return "lost";
  if (!sites.has(slug)) return "waiting";
  if (sites.get(slug).get("status") === "offline") return "offline";
  return Date.now() - newest.get(slug) > QUIET_MS ? "stale" : "live";
}

function show() {
  due = false;
  const slug = choice.value;
  drawLink(state(slug), newest.get(slug));
  if (sites.has(slug)) draw(slug, sites.get(slug));
}

function soon() {
  if (!due) requestAnimationFrame(show);
  due = true;
}

function connect() {
  if (source) source.close();
  triedAt = Date.now();
  source = new EventSource("events");
  source.onmessage = (event) => {
    heard();
    take(JSON.parse(event.data));
  };
  source.addEventListener("quiet", (event) => { // what was retained is as old as the server says
    heard();
    const at = Date.now() - Number(event.data);
    for (const [slug, was] of newest) newest.set(slug, Math.min(was, at));
  });
  source.onerror = () => {
    open = false;
    soon();
  };
}

function heard() {
  heardAt = Date.now();
  open = true;
  soon();
}

function watch() {
  const silent = source.readyState === EventSource.OPEN && Date.now() - heardAt > SILENT_MS; // a dead radio link
  if ((silent || source.readyState === EventSource.CLOSED) && Date.now() - triedAt > RETRY_MS) connect();
  soon();
}

document.documentElement.lang = words.lang;
choice.onchange = () => {
  location.hash = choice.value;
  soon();
};
connect();
setInterval(watch, 1000);
document.addEventListener("visibilitychange", soon);
