import { svg } from "./dom";
import type { Kind } from "./types";

const PATHS = {
  pv: "M3 17h18M5 17l2-8h10l2 8M12 9v8M6 13h12M12 2v3M6 4l1.5 2M18 4l-1.5 2",
  grid: "M12 3 7 21M12 3l5 18M8.5 10h7M5 7h14M9.7 14l5.5 5M14.3 14l-5.5 5",
  storage: "M4 8h14v9H4zM18 11h2.5v3H18M8 12.5h6M11 9.8v5.4",
  house: "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
  cars: "M4 16v-3l2-5h9l3 4 2.5 1v3h-2M15 16H9M5.5 16H4M7.25 16m-1.75 0a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0"
    + "M16.75 16m-1.75 0a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0",
  heat: "M8 3v11a4 4 0 1 0 8 0V3zM12 8v8",
  meter: "M4 4h16v16H4zM8 9h8M9 15l3-3",
  fuse: "M8 3h8v18H8zM8 8h8M8 16h8M12 1v2M12 21v2M11 12h2",
  now: "M13 2 5 13h6l-1 9 8-11h-6z",
  curves: "M3 20h18M3 16l5-6 4 4 5-8 4 5",
  health: "M3 12h4l2-6 4 12 2-6h6",
  decisions: "M5 4v16M5 7h13M5 12h9M5 17h11",
  setup: "M12 3v4M12 10v11M9 7h6v3H9zM5 3v9M5 16v5M3 12h4v4H3zM19 3v10M19 17v4M17 13h4v4h-4z",
  person: "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M4 21c0-5 4-6 8-6s8 1 8 6",
  sun: "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
};
export type IconName = keyof typeof PATHS;

export const iconOf: Record<Kind, IconName> = {
  source: "pv", storage: "storage", wallbox: "cars", heater: "heat", stages: "heat", meter: "meter", sensor: "meter",
  inverter: "pv", signal: "meter",
};

export function icon(name: IconName, kind = "icon"): SVGElement {
  return svg("svg", { viewBox: "0 0 24 24", class: kind, "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
