// The energy flow: what gives and takes above and below one rail. Direction and width of each line follow the watts.
import { icon, mark, svg, text } from "./dom.js";
import { watts, words } from "./words.js";

const WIDTH = 380;
const HEIGHT = 352;
const RAIL = 176;
const RADIUS = 42;
const TOP = 66;
const BOTTOM = HEIGHT - TOP;
const IDLE_W = 15;
const FULL_W = 11_000; // three phases of 16 A: the widest line
const above = ["pv", "grid", "storage"];
const below = ["house", "cars", "heat"];

let shown = "";
const nodes = new Map();

// + in `watt` is from the rail into the place; `notes` are small words in it.
export function drawFlow(picture, watt, notes) {
  const present = Object.keys(watt).join();
  if (present !== shown) build(picture, watt);
  shown = present;
  for (const [name, node] of nodes) update(node, watt[name], notes[name] ?? "");
}

function build(picture, watt) {
  nodes.clear();
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const slots = [...Array(14).keys()].map((i) => svg("rect", { x: 27 + i * 24, y: RAIL - 2, width: 14, height: 4, rx: 2 }));
  const rail = svg("g", { class: "rail" }, svg("rect", { x: 12, y: RAIL - 8, width: WIDTH - 24, height: 16, rx: 4 }), ...slots);
  const lines = svg("g");
  const places = svg("g");
  row(above.filter((name) => name in watt), TOP, lines, places);
  row(below.filter((name) => name in watt), BOTTOM, lines, places);
  picture.replaceChildren(lines, rail, places);
}

function row(names, y, lines, places) {
  names.forEach((name, i) => {
    const x = Math.round((WIDTH * (2 * i + 1)) / (2 * names.length));
    const up = y < RAIL;
    const from = up ? y + RADIUS : y - RADIUS;
    const to = up ? RAIL - 8 : RAIL + 8;
    const path = `M${x} ${from}V${to}`;
    const line = svg("path", { d: path, class: "line" });
    const dots = svg("path", { d: path, class: "dots" });
    const arrow = svg("path", { class: "arrow", d: "M-8-5 0 5 8-5z" });
    const value = svg("text", { x, y: y + 15, class: "value" });
    const small = svg("text", { x, y: y + 28, class: "small" });
    const label = svg("text", { x, y: up ? 15 : y + RADIUS + 18, class: "label" }, words.place[name]);
    const group = svg("g", { class: `wire ${name}` }, line, dots, arrow);
    lines.append(group);
    places.append(svg("g", { class: `place ${name}` }, svg("circle", { cx: x, cy: y, r: RADIUS }),
      svg("g", { transform: `translate(${x - 12} ${y - 29})` }, icon(name)), value, small, label));
    nodes.set(name, { x, middle: (from + to) / 2, up, group, line, dots, arrow, value, small });
  });
}

function update(node, w, note) {
  const size = Math.abs(w ?? 0);
  const flows = w != null && size >= IDLE_W;
  const width = flows ? 3 + 11 * Math.sqrt(Math.min(size, FULL_W) / FULL_W) : 2;
  const inward = w < 0; // towards the rail
  text(node.value, watts(w == null ? null : size));
  text(node.small, note);
  mark(node.group, "data-flow", w == null ? "unknown" : !flows ? "idle" : inward ? "gives" : "takes");
  mark(node.line, "stroke-width", width.toFixed(1));
  mark(node.dots, "stroke-width", Math.max(1.5, width / 3).toFixed(1));
  mark(node.dots, "data-pace", size > 4000 ? 3 : size > 1000 ? 2 : 1);
  const down = node.up === inward;
  mark(node.arrow, "transform", `translate(${node.x} ${node.middle}) scale(${(0.8 + width / 14).toFixed(2)} `
    + `${((down ? 1 : -1) * (0.8 + width / 14)).toFixed(2)})`);
}
