// Now: the electrical tree as a living flow, its limits as gauges, each device with its reason.
import type { Context, View } from "../context";
import { h, mark, Rows, text } from "../dom";
import { watts, words } from "../format";
import { icon } from "../icons";
import { DeviceCard } from "../parts/device";
import { fuse, legend } from "../parts/fuse";
import { Summary } from "../parts/summary";
import { Wire } from "../parts/wire";
import type { House, Shown } from "../house";
import type { NodeState } from "../types";

interface Branch {
  w: number | null;
  above: number | null;
  below: number | null;
  house: House;
  node?: NodeState;
  device?: Shown;
}

export function now(context: Context): View {
  const summary = new Summary(context);
  const list = h("ul", { class: "branch root" });
  const rows = new Rows<Branch>(list, (key) => row(key, context));
  const tree = h("section", { class: "tree", "aria-labelledby": "treename" },
    h("div", { class: "treehead" }, h("h2", { id: "treename" }, words.tree), legend()), list);
  return {
    element: h("div", { class: "now" }, summary.element, tree),
    update: () => {
      const house = context.house();
      if (!house?.state) return;
      summary.show(house);
      const root = house.root();
      const meter = root === null ? undefined : house.shown().find((device) => device.name === house.nodes.get(root)?.meter);
      const w = house.state.grid_w;
      const top: [string, Branch][] = meter ? [["device:" + meter.name, { w: null, above: null, below: w, house, device: meter }]] : [];
      const node = root === null ? undefined : house.nodes.get(root);
      if (root !== null && node) top.push(["node:" + root, { w, above: w, below: null, house, node }]);
      rows.show(top);
    },
  };
}

/** What hangs on a node, in the order a person looks for it, with what flows through the trunk at each. */
function branches(house: House, node: string): [string, Branch][] {
  const out: [string, Branch][] = [];
  const meters = new Set([...house.nodes.values()].map((one) => one.meter));
  const here = house.shown().filter((device) => device.state.node === node && !meters.has(device.name));
  const first = here.filter(({ state }) => ["source", "inverter", "wallbox"].includes(state.kind));
  const put = (device: Shown): void => {
    out.push(["device:" + device.name, { w: device.state.power_w, above: null, below: null, house, device }]);
  };
  first.forEach(put);
  for (const child of house.children(node)) {
    const state = house.nodes.get(child);
    if (state) out.push(["node:" + child, { w: flowOf(house, child), above: null, below: null, house, node: state }]);
  }
  here.filter((device) => !first.includes(device)).forEach(put);
  if (house.nodes.get(node)?.parent === null) {
    out.push(["rest:" + node, { w: house.state?.house_w ?? null, above: null, below: null, house }]);
  }
  let sum: number | null = null;
  for (const [, branch] of [...out].reverse()) {
    branch.below = sum;
    sum = (sum ?? 0) + (branch.w ?? 0);
    branch.above = sum;
  }
  return out;
}

/** Through a fuse: what hangs behind it, as far as it is measured. */
function flowOf(house: House, node: string): number | null {
  let sum: number | null = null;
  for (const device of house.shown()) {
    if (device.state.node === node && device.state.kind !== "meter" && device.state.power_w !== null) sum = (sum ?? 0) + device.state.power_w;
  }
  for (const child of house.children(node)) sum = (sum ?? 0) + (flowOf(house, child) ?? 0);
  return sum;
}

function row(key: string, context: Context): [Element, (branch: Branch) => void] {
  const [what = "", name = ""] = key.split(":");
  const wire = new Wire();
  if (what === "node") return nodeRow(name, wire, context);
  if (what === "rest") return restRow(wire);
  const card = new DeviceCard(name, context);
  return [h("li", { class: "leaf" }, wire.element, card.element), (branch) => {
    wire.show(branch.above, branch.below, branch.w);
    if (branch.device) card.show(branch.device, branch.house);
  }];
}

function nodeRow(name: string, wire: Wire, context: Context): [Element, (branch: Branch) => void] {
  const head = fuse(name);
  const list = h("ul", { class: "branch" });
  const rows = new Rows<Branch>(list, (key) => row(key, context));
  return [h("li", { class: "node" }, wire.element, head.element, list), (branch) => {
    wire.show(branch.above, branch.below, branch.w);
    if (branch.node) head.update(branch.node, branch.house);
    rows.show(branches(branch.house, name));
  }];
}

function restRow(wire: Wire): [Element, (branch: Branch) => void] {
  const value = h("strong");
  const card = h("article", { class: "device house" },
    h("div", { class: "head" }, h("span", { class: "picture" }, icon("house", "iconbox")), h("div", {}, h("h3", {}, words.place.house))),
    h("div", { class: "draw" }, value, h("small", {}, words.draws)));
  return [h("li", { class: "leaf" }, wire.element, card), (branch) => {
    wire.show(branch.above, branch.below, branch.w);
    mark(card, "class", `device house${branch.w === null ? " old" : ""}`);
    text(value, watts(branch.w === null ? null : Math.max(0, branch.w)));
  }];
}
