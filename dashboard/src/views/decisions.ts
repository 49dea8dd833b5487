// Decisions: what was decided and why, newest first; searchable, and found from a moment of a curve.
import type { Context, View } from "../context";
import { h, hide, text } from "../dom";
import { because, clock, longDayOf, moment, title, words } from "../format";
import { go, hash, route } from "../route";
import { decisions as ask } from "../log";
import type { Entry } from "../house";
import { houseNow } from "../time";

const AROUND_S = 1_800;
const FULL = 500; // as many as the server tells at once
const MOST = 5_000; // older ones are found by a day or a word
const REFRESH_MS = 5_000;
const TYPING_MS = 300;

export function decisions(context: Context): View {
  const say = words.decisions;
  const params = route().params;
  const at = Number(params.get("at")) || null; // s
  const search = h("input", { type: "search", placeholder: say.searchHelp, value: params.get("q") ?? "" });
  const device = h("select");
  const day = h("input", { type: "date" });
  const around = h("p", { class: "card around" });
  const note = h("p", { class: "note", role: "status" });
  const body = h("ol", { class: "timeline card" });
  const older = h("button", { type: "button" }, say.older);
  const tools = h("form", { class: "tools", role: "search" }, h("label", {}, say.search, search), h("label", {}, say.device, device), h("label", {}, say.day, day));
  let askedAt = 0, askedFor = "", to_s: number | null = at === null ? null : at + AROUND_S / 6, shown: Entry[] = [], typing = 0, devices = "", saidNow = "", asking = 0, waiting = 0;

  /** What is asked for anew, what has come since, or what stands before it. */
  async function load(which: "anew" | "newer" | "older"): Promise<void> {
    const house = context.house();
    if (!house) return;
    askedAt = Date.now();
    const mine = ++asking, begin = day.value ? new Date(day.value + "T00:00").getTime() / 1000 : at !== null ? at - AROUND_S : 0;
    const wanted = { from: which === "older" ? 0 : which === "newer" ? shown[0]?.t_s ?? begin : begin, device: device.value, q: search.value.trim(),
      to: which === "older" ? shown.at(-1)?.t_s ?? begin : to_s ?? houseNow() / 1000 + 1 };
    waiting += 1;
    const found = await ask(house, wanted);
    waiting -= 1;
    if (mine !== asking) return; // somebody has asked for something else meanwhile
    shown = which === "anew" ? found.entries : which === "older" ? joined(shown, found.entries) : joined(found.entries, shown);
    if (which !== "newer") hide(older, wanted.from === 0 && found.entries.length < FULL || shown.length >= MOST);
    askedFor = JSON.stringify([wanted.device, wanted.q, to_s]);
    text(note, found.why ? say.failed(found.why) : found.here ? say.here : "");
    draw(wanted.q);
    hide(note, !note.textContent);
  }

  function draw(q: string): void {
    const now = JSON.stringify(shown);
    if (now === saidNow) return;
    saidNow = now;
    hide(body, !shown.length);
    if (!shown.length && !note.textContent) text(note, q ? say.noneFound : say.none);
    const valid = at === null ? null : shown.find((entry) => entry.t_s <= at);
    body.replaceChildren(...shown.flatMap((entry, index) => {
      const dayNow = longDayOf(entry.t_s * 1000), before = shown[index - 1];
      const head = before && longDayOf(before.t_s * 1000) === dayNow ? [] : [h("li", { class: "day" }, h("h2", {}, dayNow))];
      return [...head, line(entry, entry === valid)];
    }));
  }

  function again(): void {
    saidNow = "";
    go("decisions", { ...(search.value ? { q: search.value } : {}), ...(device.value ? { device: device.value } : {}), ...(at ? { at } : {}) }, true);
    void load("anew");
  }

  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(again, TYPING_MS);
  });
  device.addEventListener("change", again);
  day.addEventListener("change", () => {
    to_s = day.value ? new Date(new Date(day.value + "T00:00").setHours(24)).getTime() / 1000 : null;
    again();
  });
  older.addEventListener("click", () => void load("older"));
  tools.addEventListener("submit", (event) => event.preventDefault());
  hide(around, at === null);
  if (at !== null) around.replaceChildren(h("strong", {}, say.at(moment(at * 1000))), " ", h("a", { href: hash("decisions") }, say.newest));
  return {
    element: h("div", { class: "decisions" }, tools, around, note, body, h("p", {}, older)),
    update: () => {
      const house = context.house();
      if (!house?.state) return;
      const names = house.loads().map((load) => load.name);
      if (names.join() !== devices) {
        devices = names.join();
        device.replaceChildren(new Option(say.all, ""), ...names.map((name) => new Option(title(name), name)));
        device.value = params.get("device") ?? "";
      }
      if (!askedFor && askedAt === 0) void load("anew");
      else if (to_s === null && !waiting && Date.now() - askedAt > REFRESH_MS && shown.length < MOST) void load("newer");
    },
    close: () => clearTimeout(typing),
  };
}

/** Newest first; of a second in which both have some, each once. */
function joined(newer: Entry[], others: Entry[]): Entry[] {
  const key = (entry: Entry): string => JSON.stringify([entry.t_s, entry.device, entry.why]);
  const known = new Set(newer.map(key));
  return [...newer, ...others.filter((entry) => !known.has(key(entry)))];
}

function line(entry: Entry, valid: boolean): HTMLElement {
  const ms = entry.t_s * 1000;
  const [amount = "", ...cause] = because(entry).split(": ");
  const when = h("time", { datetime: new Date(ms).toISOString() }, clock(ms));
  return h("li", { class: valid ? "entry valid" : "entry", ...(valid ? { "aria-current": "true" } : {}) }, when,
    h("span", { class: "who" }, title(entry.device)),
    h("span", { class: "said" }, cause.length ? h("strong", {}, amount) : null, " " + (cause.length ? cause.join(": ") : amount)),
    h("a", { href: hash("curves", { what: entry.device, at: entry.t_s }), "aria-label": words.decisions.toCurve(title(entry.device), clock(ms)) },
      words.decisions.curve));
}
