// The payloads of the topics, as the README lists them. + flows from the grid into the node; null is "not known".
export type Vector = [number, number, number];
export type Kind = "meter" | "source" | "sensor" | "wallbox" | "heater" | "stages" | "storage" | "inverter" | "signal";
export type FaultKind = "timeout" | "frame" | "refused" | "range";

export interface Alarm {
  reason: number;
  device: string | null;
  why: string;
  why_de?: string;
}

/** What is wrong, what that means, what to do. */
export interface Trouble {
  critical: boolean;
  what: string;
  what_de: string;
  means: string;
  means_de: string;
  todo: string;
  todo_de: string;
}

export interface SiteState {
  name: string;
  grid_w: number | null;
  pv_w: number | null;
  storage_w: number | null;
  house_w: number | null;
  cars_w: number | null;
  heat_w: number | null;
  surplus_w: number | null;
  alarms: Alarm[];
  broker: boolean | null;
  broker_fault: string | null;
  broker_fault_de?: string | null;
  journal: string | null;
  cycle_ms?: number;
}

export interface DeviceState {
  kind: Kind;
  node: string;
  phases: number[];
  power_w: number | null;
  current_ma: Vector | null;
  voltage_mv: Vector | null;
  power_factor_permille: Vector | null;
  frequency_mhz: number | null;
  energy_wh: number | null;
  export_wh: number | null;
  state: string | null;
  soc_permille: number | null;
  temperature_mdegc: number | null;
  age_ms: number | null;
  stale: boolean;
  fault: FaultKind | null;
}

export interface Decision {
  mode: string;
  granted_w: number;
  granted_ma: Vector;
  wanted_w: number;
  wanted_ma: Vector;
  reason: number;
  why: string;
  why_de: string;
  bound_by: { node: string; phase: number | null } | null;
  fault: FaultKind | null;
}

export interface Ability {
  modes: string[];
  priority: number;
  current_ma: [number, number] | null;
  power_w: [number, number] | null;
  stages_w: number[] | null;
  failsafe_ms: number | null;
  left_alone_ma: Vector;
}

export interface Settings {
  mode?: string | null;
  mode_until_s?: number | null;
  power_w?: number | null;
  power_w_until_s?: number | null;
  limit?: number | null;
  limit_until_s?: number | null;
  target_permille?: number | null;
  target_permille_until_s?: number | null;
  target_wh?: number | null;
  target_wh_until_s?: number | null;
  feed_in_w?: number | null;
  ceiling_w?: number | null;
  ceiling_w_until_s?: number | null;
  import_price?: number | null;
  import_prices?: [number, number][] | null; // seconds after import_prices_from_s, 0.001 ct
  import_prices_from_s?: number | null;
  import_prices_until_s?: number | null;
  export_price?: number | null;
}

/** What the grid operator demands and how it is kept to. */
export interface Obligation {
  source: string;
  direction: "consume" | "produce";
  ceiling_w: number;
  input_lost: boolean;
  kept: boolean;
}

export interface Energy {
  import_wh: number | null;
  export_wh: number | null;
  summed: boolean;
}

export interface NodeState {
  parent: string | null;
  meter: string | null;
  measured_ma: Vector | null;
  rest_ma: Vector;
  issued_ma: Vector;
  rated_ma: number;
  continuous_ma: number;
  believed: boolean;
}

export interface LineDevice {
  name: string;
  ok: boolean;
  reads: number;
  errors: number;
  fault: FaultKind | null;
  age_ms: number | null;
}

export interface LineState {
  ok: boolean;
  errors: number;
  devices: LineDevice[];
}

export interface MeasuredValue {
  quantity: string;
  value: number | string | null;
  scaler: number;
  unit: string;
  storage: number;
  function: string;
}

export interface Measured {
  meter: string;
  medium: string;
  values: MeasuredValue[];
}
