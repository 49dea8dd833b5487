// What is wrong, what that means, and what to do about it.
import { duration, title, words } from "./format";
import type { House, Shown } from "./house";
import type { DeviceState, LineDevice } from "./types";

const RECOVERING = 108; // control/reasons.py
const DOUBTED_MS = 10_000; // younger than this and no fault: it is heard and not believed

export interface Trouble {
  grave: boolean;
  what: string;
  means: string;
  then: string;
}

export function troubles(house: House): Trouble[] {
  const out: Trouble[] = [];
  const named = new Set<string | null>();
  for (const alarm of house.state?.alarms ?? []) {
    named.add(alarm.device);
    const state = house.devices.get(alarm.device ?? "")?.state;
    const what = words.lang === "de" && alarm.why_de ? alarm.why_de : alarm.why;
    const soon = alarm.reason === RECOVERING ? { grave: false, means: words.alarm.recovering } : meaning(house, state);
    out.push({ ...soon, what: title(what), then: words.what[state?.fault ?? ""] ?? "" });
  }
  for (const device of house.shown()) out.push(...ofDevice(house, device, named.has(device.name)));
  if (house.state?.broker === false) {
    out.push({ grave: false, what: words.alarm.broker, means: house.state.broker_fault ?? "", then: words.alarm.brokerDo });
  }
  if (house.state?.journal) {
    out.push({ grave: false, what: words.alarm.journal(house.state.journal), means: "", then: words.alarm.journalDo });
  }
  return out;
}

function ofDevice(house: House, { name, state, decision }: Shown, known: boolean): Trouble[] {
  const out: Trouble[] = [];
  const then = words.what[state.fault ?? "timeout"] ?? "";
  if (state.state === "locked") {
    out.push({ grave: true, what: words.alarm.locked(title(name)), means: words.alarm.lockedIs, then: words.alarm.lockedDo });
  } else if (state.stale && !known) {
    out.push({ ...meaning(house, state), what: words.alarm.stale(title(name), age(state)), then });
  } else if (state.fault && !known) {
    const what = words.alarm.failing(title(name), words.fault[state.fault] ?? state.fault);
    out.push({ grave: false, what, means: words.alarm.failingDo, then });
  }
  if (decision?.fault && !state.stale && !known) {
    out.push({ grave: false, what: words.alarm.write(title(name)), means: words.alarm.held, then: words.what[decision.fault] ?? "" });
  }
  return out;
}

function meaning(house: House, state: DeviceState | undefined): { grave: boolean; means: string } {
  const root = house.root();
  const blind = state?.kind === "meter" && state.node === root;
  return { grave: blind, means: blind ? words.alarm.blind : words.alarm.held };
}

/** How old its newest value is, in words; and why. */
export function age(state: Pick<DeviceState, "age_ms" | "stale" | "fault">): string {
  const fault = words.fault[state.fault ?? ""] ?? "";
  const join = (...parts: string[]): string => parts.filter(Boolean).join(": ");
  if (state.age_ms === null) return join(words.age.never, fault);
  const long = state.age_ms ? duration(state.age_ms) : "";
  if (state.stale && !fault && state.age_ms < DOUBTED_MS) return words.age.doubted;
  if (state.stale) return join(long ? words.age.silent(long) : words.age.doubted, fault);
  return join(long ? words.age.ago(long) : fault ? "" : words.age.live, fault);
}

export type Lamp = "ok" | "warn" | "bad" | "off";

export function lampOf(state: DeviceState | undefined, line?: LineDevice): Lamp {
  if (state?.stale || !state) return "bad";
  return state.fault || (line && !line.ok) ? "warn" : "ok";
}
