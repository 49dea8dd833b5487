// One fuse: how close each phase is to its limit, and whom it holds back.
import { h, hide, mark, share, text } from "../dom";
import { ampere, amps, title, words } from "../format";
import { icon } from "../icons";
import type { House } from "../house";
import type { NodeState } from "../types";

const NEAR = 0.8;

export function fuse(name: string): { element: HTMLElement; update: (node: NodeState, house: House) => void } {
  const note = h("p", { class: "note" });
  const rows = [0, 1, 2].map((phase) => gauge(name, phase));
  const element = h("div", { class: "fuse", id: `fuse-${name}` },
    h("div", { class: "fusename" }, icon("fuse", "iconbox"), h("div", {}, h("h3", {}, title(name)), note)),
    h("div", { class: "gauges" }, ...rows.map((row) => row.element)));
  return {
    element,
    update: (node, house) => {
      const source = node.believed ? "" : node.meter === null ? words.estimated : words.doubted;
      const hours = node.continuous_ma < node.rated_ma ? words.continuous(ampere(node.continuous_ma)) : "";
      text(note, [words.rated(ampere(node.rated_ma)), hours, source].filter(Boolean).join(", "));
      mark(element, "data-believed", node.believed);
      rows.forEach((row, phase) => row.update(node, heldBack(house, name, phase + 1)));
    },
  };
}

function heldBack(house: House, node: string, phase: number): string[] {
  return house.loads().filter(({ decision }) => {
    const at = decision?.bound_by;
    return at?.node === node && (at.phase === null || at.phase === phase);
  }).map(({ name }) => title(name));
}

function gauge(name: string, phase: number): { element: HTMLElement; update: (node: NodeState, back: string[]) => void } {
  const label = `L${phase + 1}`;
  const reserved = h("i", { class: "reserved" });
  const measured = h("i", { class: "measured" });
  const hours = h("i", { class: "hours" });
  const bar = h("div", { class: "gauge", role: "meter", "aria-label": `${title(name)} ${label}`, "aria-valuemin": 0 },
    reserved, measured, hours);
  const figure = h("span", { class: "figure" });
  const back = h("span", { class: "back" });
  return {
    element: h("div", { class: "row" }, h("span", { class: "phase" }, label), bar, figure, back),
    update: (node, names) => {
      const now = node.measured_ma?.[phase] ?? null;
      const ready = Math.max(0, node.rest_ma[phase] ?? 0) + (node.issued_ma[phase] ?? 0);
      const size = Math.abs(now ?? ready);
      mark(bar, "data-load", size > node.rated_ma ? "over" : size > NEAR * node.rated_ma ? "high" : (now ?? 0) < 0 ? "back" : "fine");
      share(reserved, ready / node.rated_ma);
      share(measured, Math.abs(now ?? 0) / node.rated_ma);
      hide(hours, node.continuous_ma >= node.rated_ma);
      share(hours, node.continuous_ma / node.rated_ma);
      const said = words.of(amps(now ?? ready), ampere(node.rated_ma));
      mark(bar, "aria-valuemax", node.rated_ma / 1000);
      mark(bar, "aria-valuenow", Math.min(size, node.rated_ma) / 1000);
      mark(bar, "aria-valuetext", said);
      text(figure, (now === null ? "≤ " : "") + said);
      text(back, names.length ? words.back(names.join(", ")) : "");
    },
  };
}

export function legend(): HTMLElement {
  return h("p", { class: "legend" }, ...Object.entries(words.legend).map(([key, word]) => h("span", { class: key }, word)));
}
