// What a curve is made of: which series of the history, and how they become what is drawn. Pure but for the asking.
import { type Curves, type Energies, counters, energiesOf, read } from "./energies";
import { percent, title, watthours, words } from "./format";
import type { House } from "./house";

export type Row = (number | null)[];

export interface Track {
  label: string;
  colour: string; // a custom property of the page
  values: Row;
  unit: "W" | "Wh" | "permille" | "mdegc" | "milli";
  below?: boolean;
  dashed?: boolean;
}

/** A moment with a name; "" for now. */
export interface Mark {
  at_s: number;
  label: string;
}

/** What is drawn: `stacked` from the zero line outwards, `plain` as they are. */
export interface Drawing {
  xs: number[];
  step_s: number;
  stacked: Track[];
  plain: Track[];
  bars: boolean;
  marks: Mark[];
  names: string[]; // of the series behind it, for the export
  raw: Curves;
}

const BARS_S = 4 * 86_400; // longer than this: energies a day
const MONTHS_S = 100 * 86_400; // and longer than this: a month
const SITE = ["grid_w", "pv_w", "storage_w", "house_w", "cars_w", "heat_w"].map((name) => "site." + name);
const PRICES = ["site.import_price", "site.export_price"];

/** The curves behind the Drawing of a house or of one device; or why there are none, "" when nothing is kept here. */
export async function asked(house: House, what: string, from_s: number, to_s: number): Promise<Curves | string> {
  return read(house.slug, namesOf(house, what, from_s, to_s), ...range(what, from_s, to_s));
}

/** `live`: it ends now, and what is known of the time ahead stands behind it. */
export function drawing(house: House, what: string, curves: Curves, from_s: number, to_s: number, live: boolean): Drawing {
  const names = namesOf(house, what, from_s, to_s);
  if (inBars(what, from_s, to_s)) return { ...bars(house, curves, edges(from_s, to_s)), marks: [], names, raw: curves };
  const recent = curves.step_s === 1 ? withTail(curves, house, names, to_s) : curves;
  const past = { ...(what ? ofDevice(house, what, recent) : ofHouse(recent)), xs: times(recent), step_s: recent.step_s, bars: false, marks: [], names, raw: recent };
  return live ? withAhead(past, house, what, to_s, to_s + (to_s - from_s) / 2) : past;
}

/** Prices of the coming hours and the moments by which something shall be ready, up to `end_s`. */
function withAhead(past: Drawing, house: House, what: string, now_s: number, end_s: number): Drawing {
  const prices = what ? [] : pricesAhead(house, now_s, end_s);
  const marks = targets(house, what).filter((mark) => mark.at_s > now_s && mark.at_s <= end_s);
  const more = [...new Set([...prices.map(([at]) => at), ...marks.map((mark) => mark.at_s)])].sort((a, b) => a - b);
  if (!more.length) return past;
  const label = words.curves.series.buy, none = past.xs.map(() => null);
  const known = past.plain.some((track) => track.label === label) || !prices.length;
  const plain: Track[] = known ? past.plain : [{ label, colour: "--ink", values: none, unit: "milli" }, ...past.plain];
  const priceAt = (at: number): number | null => (prices.length && at <= (prices.at(-1)?.[0] ?? 0) ? prices.filter(([from]) => from <= at).at(-1)?.[1] ?? null : null);
  const longer = (track: Track): Track => ({ ...track, values: [...track.values, ...more.map((at) => (track.label === label ? priceAt(at) : null))] });
  return { ...past, xs: [...past.xs, ...more], stacked: past.stacked.map(longer), plain: plain.map(longer), marks: [{ at_s: now_s, label: "" }, ...marks] };
}

/** [second, 0.001 ct] from now on, wherever it changes; the last one is where it is not known any more. */
function pricesAhead(house: House, now_s: number, end_s: number): [number, number][] {
  const { import_prices: series, import_prices_from_s: from_s, import_prices_until_s: until_s } = house.settings;
  if (!series?.length || from_s == null || until_s == null || until_s <= now_s) return [];
  const all = series.map(([in_s, price]): [number, number] => [from_s + in_s, price]);
  const now = all.filter(([at]) => at <= now_s).at(-1)?.[1];
  if (now === undefined) return [];
  const out: [number, number][] = [[now_s + 1, now], ...all.filter(([at]) => at > now_s + 1 && at < Math.min(end_s, until_s))];
  return [...out, [Math.min(end_s, until_s), out.at(-1)?.[1] ?? now]];
}

function targets(house: House, what: string): Mark[] {
  return house.loads().filter(({ name }) => !what || name === what).flatMap(({ name, settings }) => {
    const out: Mark[] = [];
    if (settings?.target_wh && settings.target_wh_until_s) out.push({ at_s: settings.target_wh_until_s, label: words.curves.target(title(name), watthours(settings.target_wh)) });
    if (settings?.target_permille && settings.target_permille_until_s) {
      out.push({ at_s: settings.target_permille_until_s, label: words.curves.target(title(name), percent(settings.target_permille)) });
    }
    return out;
  });
}

const inBars = (what: string, from_s: number, to_s: number): boolean => !what && to_s - from_s > BARS_S;

function namesOf(house: House, what: string, from_s: number, to_s: number): string[] {
  if (what) return ["power_w", "granted_w", "soc_permille", "temperature_mdegc", "reason"].map((part) => `${what}.${part}`);
  return inBars(what, from_s, to_s) ? counters(house).map(([, name]) => name) : [...SITE, ...PRICES];
}

function range(what: string, from_s: number, to_s: number): [number, number] {
  const bounds = inBars(what, from_s, to_s) ? edges(from_s, to_s) : [from_s, to_s];
  return [bounds[0] ?? from_s, bounds.at(-1) ?? to_s];
}

/** The seconds that the history does not tell yet, as this page has heard them. */
function withTail(curves: Curves, house: House, names: string[], to_s: number): Curves {
  const length = Math.max(0, Math.floor(to_s) - curves.from_s), series: Curves["series"] = {};
  for (const name of names) {
    const values = (curves.series[name]?.values ?? []).slice(0, length);
    while (values.length < length) values.push(null);
    for (const sample of house.tail) {
      const index = sample.t_s - curves.from_s;
      if (index >= 0 && index < length) values[index] ??= sample.values[name] ?? null;
    }
    series[name] = { values };
  }
  return { ...curves, series };
}

type Tracks = Pick<Drawing, "stacked" | "plain">;

function ofHouse(curves: Curves): Tracks {
  const of = (name: string): Row => curves.series["site." + name]?.values ?? [];
  const part = (name: string, sign: 1 | -1): Row => of(name).map((w) => (w === null ? null : Math.max(0, sign * w)));
  const say = words.curves.series;
  const stacked: Track[] = [
    { label: say.pv, colour: "--pv", values: part("pv_w", -1), unit: "W" },
    { label: say.discharge, colour: "--storage", values: part("storage_w", -1), unit: "W" },
    { label: say.import, colour: "--grid", values: part("grid_w", 1), unit: "W" },
    { label: say.house, colour: "--house", values: part("house_w", 1), unit: "W", below: true },
    { label: say.heat, colour: "--heat", values: part("heat_w", 1), unit: "W", below: true },
    { label: say.cars, colour: "--cars", values: part("cars_w", 1), unit: "W", below: true },
    { label: say.charge, colour: "--storage", values: part("storage_w", 1), unit: "W", below: true },
    { label: say.export, colour: "--export", values: part("grid_w", -1), unit: "W", below: true },
  ];
  const plain: Track[] = [];
  if (some(of("import_price"))) plain.push({ label: say.buy, colour: "--ink", values: of("import_price"), unit: "milli" });
  if (some(of("export_price"))) plain.push({ label: say.sell, colour: "--soft", values: of("export_price"), unit: "milli", dashed: true });
  return { stacked: stacked.filter((track) => some(track.values, true)), plain };
}

const HUES = { source: "--pv", storage: "--storage", wallbox: "--cars", heater: "--heat", stages: "--heat", meter: "--grid", sensor: "--grid", inverter: "--pv", signal: "--soft" };

function ofDevice(house: House, what: string, curves: Curves): Tracks {
  const of = (part: string): Row => curves.series[`${what}.${part}`]?.values ?? [];
  const say = words.curves.series, kind = house.devices.get(what)?.state?.kind ?? "meter";
  const gives = kind === "source" || kind === "inverter";
  const power = gives ? of("power_w").map((w) => (w === null ? null : -w)) : of("power_w");
  const plain: Track[] = [];
  if (some(power)) plain.push({ label: gives ? say.given : say.power, colour: HUES[kind], values: power, unit: "W" });
  if (some(of("granted_w"))) plain.push({ label: say.granted, colour: "--ink", values: gives ? of("granted_w").map((w) => (w === null ? null : -w)) : of("granted_w"), unit: "W", dashed: true });
  if (some(of("soc_permille"))) plain.push({ label: say.soc, colour: "--soft", values: of("soc_permille"), unit: "permille" });
  else if (some(of("temperature_mdegc"))) plain.push({ label: say.temperature, colour: "--soft", values: of("temperature_mdegc"), unit: "mdegc" });
  return { stacked: [], plain };
}

function bars(house: House, curves: Curves, bounds: number[]): Omit<Drawing, "names" | "raw" | "marks"> {
  const each = energiesOf(curves, counters(house), bounds);
  const of = (part: keyof Energies): Row => each.map((one) => (one === null ? null : one[part]));
  const say = words.curves.series;
  const stacked: Track[] = ([["pv", "--pv"], ["discharge", "--storage"], ["import", "--grid"]] as const).map(
    ([part, colour]) => ({ label: say[part], colour, values: of(part), unit: "Wh" }));
  stacked.push(...([["house", "--house"], ["heat", "--heat"], ["cars", "--cars"], ["charge", "--storage"], ["export", "--export"]] as const).map(
    ([part, colour]): Track => ({ label: say[part], colour, values: of(part), unit: "Wh", below: true })));
  const xs = bounds.slice(1).map((to, index) => ((bounds[index] ?? to) + to) / 2);
  return { xs, step_s: xs.length > 1 ? (xs[1] ?? 0) - (xs[0] ?? 0) : 86_400, stacked: stacked.filter((track) => some(track.values, true)), plain: [], bars: true };
}

/** Midnights, or firsts of a month, around a stretch; of local time, whatever its days are long. */
export function edges(from_s: number, to_s: number): number[] {
  const at = new Date(from_s * 1000), months = to_s - from_s > MONTHS_S, out: number[] = [];
  at.setHours(0, 0, 0, 0);
  if (months) at.setDate(1);
  while (at.getTime() / 1000 < to_s) {
    out.push(at.getTime() / 1000);
    if (months) at.setMonth(at.getMonth() + 1);
    else at.setDate(at.getDate() + 1);
  }
  return [...out, at.getTime() / 1000];
}

export const some = (row: Row, notZero = false): boolean => row.some((value) => value !== null && (!notZero || value !== 0));

const times = (curves: Curves): number[] => {
  const length = Math.max(0, ...Object.values(curves.series).map((one) => one.values.length));
  return Array.from({ length }, (_, index) => curves.from_s + index * curves.step_s);
};

/** Outermost first, each from zero: drawn over one another they stand on one another. null where none is known. */
export function stackUp(tracks: Track[], below: boolean): { track: Track; values: Row }[] {
  const mine = tracks.filter((track) => !!track.below === below);
  const sums: Row = [];
  const out = mine.map((track) => {
    track.values.forEach((value, index) => {
      if (value !== null) sums[index] = (sums[index] ?? 0) + (below ? -value : value);
      else sums[index] ??= null;
    });
    return { track, values: sums.slice() };
  });
  return out.reverse();
}

/** As a spreadsheet reads it: one row a step, ISO time, a column a series with its unit in its name. */
export function csv(curves: Curves, names: string[]): string {
  const known = names.filter((name) => curves.series[name]);
  const length = Math.max(0, ...known.map((name) => curves.series[name]?.values.length ?? 0));
  const lines = [["time", ...known].join(",")];
  for (let index = 0; index < length; index++) {
    const row = known.map((name) => curves.series[name]?.values[index] ?? null);
    if (row.every((value) => value === null)) continue;
    lines.push([new Date((curves.from_s + index * curves.step_s) * 1000).toISOString(), ...row.map((value) => value ?? "")].join(","));
  }
  return lines.join("\r\n") + "\r\n";
}
