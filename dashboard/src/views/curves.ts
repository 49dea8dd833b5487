// Curves: what came above the zero line, where it went below it; one device with what it was granted. Zoom, export.
import type { Context, View } from "../context";
import { asked, csv, type Drawing, drawing, type Track } from "../curves_data";
import type { Curves } from "../energies";
import { h, hide, mark, text } from "../dom";
import { because, clock, clockShort, dayOf, monthOf, moment, percent, title, words } from "../format";
import type { House } from "../house";
import { decisions } from "../log";
import { type Chart, chart, said } from "../parts/chart";
import { hash, route } from "../route";
import { houseNow } from "../time";

const SPANS = { hour: 3_600, day: 86_400, week: 7 * 86_400, month: 31 * 86_400, year: 365 * 86_400 };
type Range = keyof typeof SPANS;
const REFRESH_MS = { hour: 60_000, day: 60_000, week: 300_000, month: 300_000, year: 300_000 };
const LEAST_S = 60, MOST_S = 2 * SPANS.year, BACK_S = 6 * 3_600;
const TABLE_ROWS = 48;

/** Both ends of a stretch, as exactly as its length needs. */
function stretch(from: number, to: number): [string, string] {
  const [a, b] = [from * 1000, to * 1000];
  if (to - from > SPANS.month) return [monthOf(a), monthOf(b)];
  if (to - from > 4 * SPANS.day) return [dayOf(a), dayOf(b)];
  if (dayOf(a) === dayOf(b)) return [moment(a), clockShort(b)];
  return [`${dayOf(a)} ${clockShort(a)}`, `${dayOf(b)} ${clockShort(b)}`];
}

const barOf = (drawing: Drawing, time: number): string =>
  (drawing.step_s > 20 * SPANS.day ? monthOf(time * 1000) : dayOf(time * 1000));

export function curves(context: Context): View {
  const say = words.curves, params = route().params;
  const what = h("select", { "aria-label": say.what });
  const ranges = h("div", { class: "ranges", role: "group", "aria-label": say.range });
  const buttons = new Map<Range, HTMLButtonElement>();
  const heading = h("h2"), hint = h("p", { class: "note" }), status = h("p", { class: "note", role: "status" });
  const box = h("div", { class: "chart", role: "img" });
  const keys = h("ul", { class: "keys" }), sums = h("p", { class: "note" });
  const moments = h("section", { class: "card moment", hidden: "", "aria-live": "polite" });
  const table = h("details", { class: "card" }, h("summary", {}, say.table));
  let range: Range = "hour", to_s: number | null = null, span_s = SPANS.hour; // to_s null: up to now
  let raw: Curves | null = null, movedAt = 0, current: Drawing | null = null, drawn: Chart | null = null, pointedAt: number | null = null, askedAt = 0, devices = "", asking = 0;

  const tool = (label: string, act: () => void, help = ""): HTMLButtonElement => {
    const button = h("button", { type: "button", ...(help ? { "aria-label": help, title: help } : {}) }, label);
    button.addEventListener("click", act);
    return button;
  };
  const later = tool("▶", () => move(span_s / 2), say.after);
  const toNow = tool(say.now, () => { to_s = null; void load(); });
  const tools = h("div", { class: "tools" }, h("label", {}, say.what, " ", what), ranges,
    h("div", { class: "ranges" }, tool("◀", () => move(-span_s / 2), say.before), later, toNow, tool("+", () => zoom(0.5), say.in), tool("−", () => zoom(2), say.out)),
    tool(say.csv, save, say.csvHelp));
  for (const name of Object.keys(SPANS) as Range[]) {
    const button = tool(say.ranges[name], () => { range = name; span_s = SPANS[name]; to_s = null; void load(); });
    buttons.set(name, button);
    ranges.append(button);
  }
  what.addEventListener("change", () => void load());
  table.addEventListener("toggle", () => drawTable());
  const at = Number(params.get("at")) || null;
  if (at !== null) to_s = Math.min(houseNow() / 1000, at + span_s / 2);
  const watcher = new ResizeObserver(() => drawn?.resize());
  watcher.observe(box);

  const end = (): number => to_s ?? Math.ceil(houseNow() / 1000);

  function move(by: number): void {
    const wanted = end() + by;
    to_s = wanted >= houseNow() / 1000 ? null : wanted;
    void load();
  }

  function zoom(factor: number): void {
    const middle = end() - span_s / 2, half = (span_s * factor) / 2;
    if (to_s === null) show(end() - 2 * half, end()); // the newest stays in sight
    else show(middle - half, middle + half);
  }

  function show(from: number, to: number): void {
    span_s = Math.max(LEAST_S, Math.min(MOST_S, to - from));
    to_s = to >= houseNow() / 1000 ? null : to;
    void load();
  }

  async function load(): Promise<void> {
    const house = context.house();
    if (!house) return;
    askedAt = Date.now();
    const mine = ++asking, to = end();
    mark(box, "aria-busy", true);
    const found = await asked(house, what.value, to - span_s, to);
    if (mine !== asking) return; // somebody has asked for something else meanwhile
    mark(box, "aria-busy", null);
    for (const [name, button] of buttons) mark(button, "aria-pressed", span_s === SPANS[name]);
    later.disabled = toNow.disabled = to_s === null;
    raw = typeof found === "string" ? null : found;
    current = raw && drawing(house, what.value, raw, to - span_s, to, to_s === null);
    text(status, typeof found === "string" ? (found ? say.failed(found) : say.none) : tracks().length ? "" : say.empty);
    hide(status, !status.textContent);
    draw(to - span_s, to);
  }

  /** A second later, without asking: the page has heard it itself. */
  function moveOn(house: House, known: Curves): void {
    movedAt = Date.now();
    const next = drawing(house, what.value, known, end() - span_s, end(), true);
    if (!drawn || next.stacked.length !== current?.stacked.length || next.plain.length !== current.plain.length) return;
    current = next;
    drawn.move(next);
    if (pointedAt === null) pointed(null);
  }

  function draw(from: number, to: number): void {
    drawn?.destroy();
    drawn = null;
    const name = what.value ? title(what.value) : say.balance;
    const [begin, end_] = stretch(from, to);
    text(heading, `${name}, ${begin} – ${end_}`);
    mark(box, "aria-label", say.picture(name, begin, end_));
    text(hint, what.value ? say.hint : `${say.gives}, ${say.takes}. ${say.hint}`);
    hide(hint, !tracks().length);
    hide(box, !tracks().length);
    if (!current) {
      keys.replaceChildren();
      return;
    }
    if (current.xs.length && tracks().length) drawn = chart(box, current, { zoomed: show, clicked: (t) => void tell(t), pointed });
    pointed(null);
    drawTable();
  }

  function pointed(index: number | null): void {
    pointedAt = index;
    if (!current) return;
    const now_s = end(), last = [...current.xs.keys()].reverse().find((at) => (current?.bars || (current?.xs[at] ?? 0) <= now_s) && tracks().some((track) => track.values[at] != null)) ?? null;
    const at = index ?? last, time = at === null ? undefined : current.xs[at];
    const when = time === undefined || at === null ? "" : current.bars ? barOf(current, time) : clock(time * 1000);
    keys.replaceChildren(h("li", { class: "when" }, when), ...tracks().map((track) => {
      const swatch = h("i");
      swatch.style.setProperty("--hue", `var(${track.colour})`);
      return h("li", { class: track.dashed ? "dashed" : "" }, swatch, track.label, " ", h("strong", {}, at === null ? "–" : said(track, track.values[at])));
    }));
    drawSums();
  }

  const tracks = (): Track[] => (current ? [...current.stacked, ...current.plain] : []);

  function drawSums(): void {
    if (!current || what.value) return text(sums, "");
    const sum = (label: string): number => current?.stacked.find((track) => track.label === label)?.values.reduce<number>((all, one) => all + (one ?? 0), 0) ?? 0;
    const series = say.series, pv = sum(series.pv), used = sum(series.house) + sum(series.heat) + sum(series.cars);
    const out: string[] = [];
    if (pv > 0) out.push(say.own(percent(1000 * Math.max(0, 1 - sum(series.export) / pv))));
    if (used > 0) out.push(say.autarky(percent(1000 * Math.max(0, 1 - sum(series.import) / used))));
    text(sums, out.length ? `${say.sums}: ${out.join("; ")}.` : "");
  }

  function drawTable(): void {
    table.querySelector("table")?.remove();
    if (!table.open || !current) return;
    const every = Math.max(1, Math.ceil(current.xs.length / TABLE_ROWS)), drawnNow = current, now_s = drawnNow.marks.find((mark) => !mark.label)?.at_s ?? Infinity; // what is known of the time ahead is little, and told whole
    const rows = drawnNow.xs.flatMap((time, index) => (index % every && time <= now_s ? [] : [h("tr", {}, h("th", { scope: "row" }, drawnNow.bars ? barOf(drawnNow, time) : moment(time * 1000)),
      ...tracks().map((track) => h("td", {}, said(track, track.values[index]))))]));
    table.append(h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say.time), ...tracks().map((track) => h("th", { scope: "col" }, track.label)))),
      h("tbody", {}, ...rows)));
  }

  async function tell(time: number): Promise<void> {
    const house = context.house();
    if (!house || current?.bars) return current?.bars ? show(time - 43_200, time + 43_200) : undefined;
    const t_s = Math.round(time);
    const found = await decisions(house, { from: t_s - BACK_S, to: t_s, device: what.value, q: "" });
    const names = what.value ? [what.value] : house.loads().map((load) => load.name);
    const then = names.flatMap((name) => found.entries.find((entry) => entry.device === name) ?? []);
    hide(moments, false);
    moments.replaceChildren(h("h3", {}, say.at(moment(t_s * 1000)) + ". " + say.reasons),
      then.length ? h("ul", { class: "plain" }, ...then.map((entry) => h("li", {}, h("strong", {}, title(entry.device)), " ", because(entry)))) : h("p", {}, found.why || words.decisions.none),
      h("p", { class: "links" }, h("a", { href: hash("decisions", { at: t_s, ...(what.value ? { device: what.value } : {}) }) }, words.views.decisions)));
  }

  function save(): void {
    if (!current?.raw) return;
    const link = h("a", { download: `hutschiene-${what.value || "house"}-${new Date(end() * 1000).toISOString().slice(0, 16).replaceAll(":", "")}.csv`,
      href: URL.createObjectURL(new Blob([csv(current.raw, current.names)], { type: "text/csv" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  return {
    element: h("div", { class: "curves" }, tools, h("section", { class: "card" }, heading, hint, status, keys, box, sums), moments, table),
    update: () => {
      const house = context.house();
      if (!house?.state) return;
      const names = house.shown().map((device) => device.name);
      if (names.join() !== devices) {
        devices = names.join();
        const before = what.value || params.get("what") || "";
        what.replaceChildren(new Option(say.balance, ""), ...names.map((name) => new Option(title(name), name)));
        what.value = names.includes(before) ? before : "";
      }
      if (!askedAt) void load().then(() => (at === null ? undefined : tell(at)));
      else if (to_s !== null || table.open || context.link() !== "live") return;
      else if (Date.now() - askedAt > REFRESH_MS[range]) void load();
      else if (raw?.step_s === 1 && Date.now() - movedAt >= 1_000) moveOn(house, raw);
    },
    close: () => {
      watcher.disconnect();
      drawn?.destroy();
    },
  };
}
