// What is wrong, what that means, and what to do about it, as the house tells it; how old what is shown is.
import { duration, title, words } from "./format";
import type { House } from "./house";
import type { DeviceState, LineDevice } from "./types";

const DOUBTED_MS = 10_000; // younger than this and no fault: it is heard and not believed

export interface Trouble {
  grave: boolean;
  what: string;
  means: string;
  then: string;
}

export function troubles(house: House): Trouble[] {
  const de = words.lang === "de";
  return house.troubles.map((one) => ({ grave: one.critical, what: title(de ? one.what_de : one.what), means: de ? one.means_de : one.means,
    then: de ? one.todo_de : one.todo }));
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
