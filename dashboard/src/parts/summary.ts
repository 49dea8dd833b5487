// The house in one glance: a sentence, where the power comes from and goes to, what today brought.
import type { Context } from "../context";
import { h, hide, mark, Rows, share, text } from "../dom";
import { dayEnergies, type Energies } from "../energies";
import { because, money, percent, roughly, title, watthours, watts, words } from "../format";
import { icon, type IconName } from "../icons";
import type { House } from "../house";

const EVEN_W = 50;
const TODAY_MS = 120_000;
const MOST_REASONS = 3;
/** W now, W of the longest bar, a word beside the name, why. */
type Flow = [number | null, number, string, string[]];
type Place = "pv" | "storage" | "grid" | "house" | "cars" | "heat";

export class Summary {
  private readonly headline = h("h2", { id: "headline" });
  private readonly note = h("p", { class: "note" });
  private readonly gives = h("ul", { class: "flows", "aria-label": words.gives });
  private readonly takes = h("ul", { class: "flows", "aria-label": words.takes });
  private readonly givesRows = new Rows<Flow>(this.gives, flowRow);
  private readonly takesRows = new Rows<Flow>(this.takes, flowRow);
  private readonly today = h("dl", { class: "today" });
  private readonly todayBox = h("div", { hidden: "" }, h("h3", {}, words.today), this.today);
  readonly element = h("section", { class: "summary", "aria-labelledby": "headline" }, this.headline, this.note,
    h("h3", {}, words.gives), this.gives, h("h3", {}, words.takes), this.takes, this.todayBox);
  private askedAt = 0;

  constructor(private readonly context: Context) {}

  show(house: House): void {
    const state = house.state;
    if (!state) return;
    const w = state.grid_w, say = words.headline;
    text(this.headline, this.context.link() !== "live" ? say.old
      : w === null ? say.blind : w < -EVEN_W ? say.out(roughly(-w)) : w > EVEN_W ? say.in(roughly(w)) : say.even);
    text(this.note, outside(house));
    hide(this.note, !this.note.textContent);
    const kinds = new Set(house.shown().map((device) => device.state.kind));
    const soc = house.shown().find((device) => device.state.kind === "storage")?.state.soc_permille;
    const level = soc === null || soc === undefined ? "" : percent(soc);
    const gives: [Place, number | null, string][] = [], takes: [Place, number | null, string][] = [];
    if (kinds.has("source") || kinds.has("inverter")) gives.push(["pv", negative(state.pv_w), ""]);
    if (kinds.has("storage")) (state.storage_w !== null && state.storage_w < 0 ? gives : takes).push(["storage", size(state.storage_w), level]);
    (w !== null && w < 0 ? takes : gives).push(["grid", size(w), w === null || Math.abs(w) < 1 ? "" : w < 0 ? words.exported : words.imported]);
    takes.unshift(["house", state.house_w === null ? null : Math.max(0, state.house_w), ""]);
    if (kinds.has("wallbox")) takes.splice(1, 0, ["cars", size(state.cars_w), ""]);
    if (kinds.has("heater") || kinds.has("stages")) takes.splice(2, 0, ["heat", size(state.heat_w), ""]);
    const most = Math.max(1000, ...[...gives, ...takes].map(([, watt]) => watt ?? 0));
    this.givesRows.show(gives.map(([place, watt, more]) => [place, [watt, most, more, []]]));
    this.takesRows.show(takes.map(([place, watt, more]) => [place, [watt, most, more, place === "cars" ? reasons(house) : []]]));
    if (Date.now() - this.askedAt > TODAY_MS && this.context.link() === "live") void this.askToday(house);
  }

  private async askToday(house: House): Promise<void> {
    this.askedAt = Date.now();
    const energies = await dayEnergies(house);
    hide(this.todayBox, !energies);
    if (energies === "") this.askedAt = Infinity; // and none will be
    if (energies) this.today.replaceChildren(...todayFacts(energies));
  }
}

const negative = (w: number | null): number | null => (w === null ? null : Math.max(0, -w));
const size = (w: number | null): number | null => (w === null ? null : Math.abs(w));

function todayFacts(energies: Energies): HTMLElement[] {
  const rows: [string, string][] = [];
  if (energies.pv > 0) {
    const own = Math.max(0, Math.min(1, 1 - energies.export / energies.pv));
    rows.push([words.days.pv, `${watthours(energies.pv)}, ${percent(own * 1000)} ${words.days.own}`]);
  }
  rows.push([words.days.import, watthours(energies.import)], [words.days.export, watthours(energies.export)]);
  return rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

/** What others say: the grid operator's ceiling, the prices. */
function outside(house: House): string {
  const { import_price, export_price } = house.settings;
  const out = house.obligations.map(({ direction, ceiling_w, kept, input_lost, source }) => {
    const what = (direction === "consume" ? words.ceiling : words.feedIn)(watts(ceiling_w), title(source));
    return `${what}, ${input_lost ? words.inputLost : kept ? words.kept : words.notYetKept}.`;
  });
  if (import_price != null && export_price != null) out.push(words.price(money(import_price), money(export_price)) + ".");
  return out.join(" ");
}

/** Why each car gets what it gets: what is asked most often. */
function reasons(house: House): string[] {
  const boxes = house.loads().filter(({ state, decision }) => state.kind === "wallbox" && decision);
  return boxes.slice(0, MOST_REASONS).map(({ name, decision }) =>
    (boxes.length > 1 ? title(name) + " " : "") + (decision ? because(decision) : ""));
}

function flowRow(place: string): [Element, (value: Flow) => void] {
  const bar = h("i");
  const value = h("strong");
  const more = h("small");
  const why = h("small", { class: "reasons" });
  const name: IconName = place === "pv" || place === "grid" || place === "storage" || place === "cars" || place === "heat" ? place : "house";
  const element = h("li", { class: place }, icon(name, "icon"), h("span", { class: "name" }, words.place[place as Place], " ", more),
    value, h("span", { class: "track", "aria-hidden": "true" }, bar), why);
  return [element, ([watt, most, note, said]) => {
    text(why, said.join("\n"));
    hide(why, !said.length);
    text(value, watts(watt));
    text(more, note);
    share(bar, (watt ?? 0) / most);
    mark(element, "data-idle", (watt ?? 0) < 15);
  }];
}
