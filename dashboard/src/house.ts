// One site as the feed tells it: pairs are put in, views read.
import type { Ability, Decision, DeviceState, Energy, LineState, Measured, NodeState, Obligation, Settings, SiteState, Trouble } from "./types";
import { houseNow } from "./time";

export interface Device {
  state?: DeviceState;
  decision?: Decision;
  ability?: Ability;
  settings?: Settings;
  energy?: Energy;
  measured?: Measured;
}
export type Shown = Device & { name: string; state: DeviceState };

/** One decision that differs from the one before, as the log of the server tells it. */
export interface Entry {
  t_s: number;
  device: string;
  reason: number;
  why: string;
  why_de: string;
  node: string | null;
  phase: number | null;
}

/** What a second's curves would hold, by the history's names. */
export interface Sample {
  t_s: number;
  values: Record<string, number | null>;
}

const MOST_LOGGED = 500;
const TAIL_S = 180;
const SUMS = ["grid_w", "pv_w", "storage_w", "house_w", "cars_w", "heat_w"] as const;
const PARTS = ["state", "decision", "ability", "settings", "energy", "measured"] as const;
const ORDER = ["source", "inverter", "wallbox", "storage", "heater", "stages", "sensor", "signal", "meter"];

export class House {
  online = true;
  state: SiteState | null = null;
  settings: Settings = {};
  obligations: Obligation[] = [];
  troubles: Trouble[] = [];
  records: Record<string, unknown> | null = null;
  readonly devices = new Map<string, Device>();
  readonly nodes = new Map<string, NodeState>();
  readonly lines = new Map<string, LineState>();
  newestAt = 0; // ms, when a pair of it last came
  readonly log: Entry[] = []; // decisions since the page was opened, newest first
  readonly tail: Sample[] = []; // the newest seconds, which the history does not tell yet; oldest first

  constructor(readonly slug: string) {}

  put(place: string, part: string, payload: string): void {
    if (place === "status") {
      this.online = payload !== "offline";
      return;
    }
    const value = parsed(payload);
    if (value === null) return;
    if (place === "site") {
      if (part === "state") {
        this.state = value as unknown as SiteState;
        this.sample(this.state);
      }
      if (part === "settings") this.settings = value as Settings;
      if (part === "obligations") this.obligations = (value["in_force"] ?? []) as Obligation[];
      if (part === "troubles") this.troubles = (value["troubles"] ?? []) as Trouble[];
    } else if (place === "records") {
      if (part === "state") this.records = value;
    } else if (place.startsWith("node_") && part === "state") {
      this.nodes.set(place.slice(5), value as unknown as NodeState);
    } else if (place.startsWith("line_") && part === "state") {
      this.lines.set(place.slice(5), value as unknown as LineState);
    } else if (isPart(part)) {
      const device = this.devices.get(place) ?? {};
      if (part === "decision") this.logged(place, device.decision, value as unknown as Decision);
      Object.assign(device, { [part]: value });
      this.devices.set(place, device);
    }
  }

  private sample(state: SiteState): void {
    const t_s = Math.floor(houseNow() / 1000), values: Record<string, number | null> = {};
    for (const name of SUMS) values["site." + name] = state[name];
    for (const [name, device] of this.devices) {
      values[name + ".power_w"] = device.state?.power_w ?? null;
      values[name + ".soc_permille"] = device.state?.soc_permille ?? null;
      values[name + ".temperature_mdegc"] = device.state?.temperature_mdegc ?? null;
      values[name + ".granted_w"] = device.decision?.granted_w ?? null;
    }
    if (this.tail.at(-1)?.t_s === t_s) this.tail.pop();
    this.tail.push({ t_s, values });
    if (this.tail.length > TAIL_S) this.tail.shift();
  }

  private logged(device: string, before: Decision | undefined, now: Decision): void {
    if (before && before.reason === now.reason && before.why === now.why) return;
    const { reason, why, why_de, bound_by } = now;
    this.log.unshift({ t_s: Math.floor(houseNow() / 1000), device, reason, why, why_de,
      node: bound_by?.node ?? null, phase: bound_by?.phase ?? null });
    if (this.log.length > MOST_LOGGED) this.log.pop();
  }

  /** Devices that have told their state, in the order a person looks for them. */
  shown(): Shown[] {
    const out: Shown[] = [];
    for (const [name, device] of this.devices) if (device.state?.kind) out.push({ ...device, name, state: device.state });
    return out.sort((a, b) => ORDER.indexOf(a.state.kind) - ORDER.indexOf(b.state.kind) || a.name.localeCompare(b.name));
  }

  loads(): Shown[] {
    return this.shown().filter((device) => device.decision);
  }

  root(): string | null {
    for (const [name, node] of this.nodes) if (node.parent === null) return name;
    return null;
  }

  children(parent: string): string[] {
    return [...this.nodes].filter(([, node]) => node.parent === parent).map(([name]) => name).sort();
  }
}

function isPart(part: string): part is (typeof PARTS)[number] {
  return (PARTS as readonly string[]).includes(part);
}

function parsed(payload: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
