// Energies between two moments, from the counters that the history keeps: import and export are never netted.
import { ask, of, query } from "./api";
import type { House } from "./house";
import { houseNow } from "./time";
import type { Kind } from "./types";

export interface Curves {
  from_s: number;
  step_s: number;
  series: Record<string, { values: (number | null)[]; least?: (number | null)[]; most?: (number | null)[] }>;
}

/** Wh. */
export interface Energies {
  pv: number;
  discharge: number;
  import: number;
  house: number;
  heat: number;
  cars: number;
  charge: number;
  export: number;
}

const MOST_SERIES = 32; // of one question

export async function read(slug: string, names: string[], from_s: number, to_s: number): Promise<Curves | string> {
  const out: Curves = { from_s, step_s: 1, series: {} };
  for (let at = 0; at < Math.max(1, names.length); at += MOST_SERIES) {
    const series = names.slice(at, at + MOST_SERIES).join();
    const answer = await ask<Curves>(of(slug, "history?" + query({ series, from: Math.floor(from_s), to: Math.ceil(to_s) })));
    if (!answer.value) return answer.status === 204 || answer.status === 404 ? "" : answer.why || "–";
    Object.assign(out.series, answer.value.series);
    out.from_s = answer.value.from_s;
    out.step_s = answer.value.step_s;
  }
  return out;
}

type Counted = [keyof Energies, string][];

/** Which counter of which device adds to what. */
export function counters(house: House): Counted {
  const out: Counted = [];
  const into: Partial<Record<Kind, [keyof Energies, "import_wh" | "export_wh"][]>> = {
    source: [["pv", "export_wh"]], inverter: [["pv", "export_wh"]], storage: [["charge", "import_wh"], ["discharge", "export_wh"]],
    wallbox: [["cars", "import_wh"]], heater: [["heat", "import_wh"]], stages: [["heat", "import_wh"]],
  };
  for (const device of house.shown()) {
    for (const [part, counter] of into[device.state.kind] ?? []) out.push([part, `${device.name}.${counter}`]);
  }
  const meter = house.nodes.get(house.root() ?? "")?.meter;
  if (meter) out.push(["import", `${meter}.import_wh`], ["export", `${meter}.export_wh`]);
  return out;
}

/** Of each stretch between neighbouring bounds (s); null where no meter of the house counted. */
export function energiesOf(curves: Curves, counted: Counted, bounds: number[]): (Energies | null)[] {
  return bounds.slice(1).map((to, index) => {
    const from = bounds[index] ?? to;
    const sums: Energies = { pv: 0, discharge: 0, import: 0, house: 0, heat: 0, cars: 0, charge: 0, export: 0 };
    let known = false;
    for (const [part, name] of counted) {
      const wh = counted_wh(curves, name, from, to);
      if (wh === null) continue;
      sums[part] += wh;
      known ||= part === "import";
    }
    if (!known) return null;
    sums.house = Math.max(0, sums.import - sums.export + sums.pv + sums.discharge - sums.charge - sums.cars - sums.heat);
    return sums;
  });
}

function counted_wh(curves: Curves, name: string, from_s: number, to_s: number): number | null {
  const values = curves.series[name]?.values;
  if (!values) return null;
  const at = (moment: number): number => Math.round((moment - curves.from_s) / curves.step_s);
  const [first, last] = [Math.max(0, at(from_s)), Math.min(values.length, at(to_s))];
  let begin: number | null = null;
  for (let index = first - 1; index >= 0 && begin === null; index--) begin = values[index] ?? null; // it stood so then
  let end: number | null = null;
  for (let index = first; index < last; index++) {
    const value = values[index];
    if (value === null || value === undefined) continue;
    begin ??= value;
    end = value;
  }
  return begin === null || end === null ? null : Math.max(0, end - begin);
}

/** Of today so far; null when it is not known, "" where no curves are kept. */
export async function dayEnergies(house: House): Promise<Energies | null | ""> {
  const counted = counters(house);
  const from_s = new Date(houseNow()).setHours(0, 0, 0, 0) / 1000, to_s = houseNow() / 1000;
  const curves = await read(house.slug, counted.map(([, name]) => name), from_s - 1800, to_s);
  if (typeof curves === "string") return curves ? null : "";
  return energiesOf(curves, counted, [from_s, Math.ceil(to_s)])[0] ?? null;
}
