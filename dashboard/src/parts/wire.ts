// The line from a trunk to what hangs on it: dots run the way the power flows, quicker and broader for more of it.
import { h, mark } from "../dom";

const IDLE_W = 15;
const FULL_W = 11_000; // three phases of 16 A: the broadest line

export class Wire {
  private readonly up = h("i", { class: "up" });
  private readonly down = h("i", { class: "down" });
  private readonly side = h("i", { class: "side" });
  readonly element = h("span", { class: "wire", "aria-hidden": "true" }, this.up, this.down, this.side);

  /** W, + away from the grid: through the trunk above, through the trunk below, into what hangs here; null: not known. */
  show(above: number | null, below: number | null, here: number | null): void {
    flow(this.up, above);
    flow(this.down, below);
    flow(this.side, here);
  }
}

function flow(element: HTMLElement, w: number | null): void {
  const size = Math.abs(w ?? 0);
  const moves = w !== null && size >= IDLE_W;
  mark(element, "data-flow", w === null ? "unknown" : !moves ? "idle" : w > 0 ? "in" : "out");
  mark(element, "data-pace", size > 4000 ? 3 : size > 1000 ? 2 : 1);
  const width = (moves ? 4 + 8 * Math.sqrt(Math.min(size, FULL_W) / FULL_W) : 2).toFixed(1) + "px";
  if (element.style.getPropertyValue("--wide") !== width) element.style.setProperty("--wide", width);
}
