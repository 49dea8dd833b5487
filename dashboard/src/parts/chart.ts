// One Drawing on a canvas: uPlot, with the page's colours and number formats.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Drawing, type Mark, type Row, stackUp, type Track } from "../curves_data";
import { clock, clockShort, dayOf, degrees, money, monthOf, number, percent, watthours, watts } from "../format";

const DAY_S = 86_400;
const HEIGHT = 380, LOW_HEIGHT = 280, NARROW = 600;

export interface Chart {
  resize(): void;
  /** The same tracks, longer. */
  move(drawing: Drawing): void;
  destroy(): void;
}

interface Told {
  zoomed: (from_s: number, to_s: number) => void;
  clicked: (t_s: number) => void;
  pointed: (index: number | null) => void;
}

export function said(track: Track, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  switch (track.unit) {
    case "W": return watts(value);
    case "Wh": return watthours(value);
    case "permille": return percent(value);
    case "mdegc": return degrees(value);
    case "milli": return money(value);
  }
}

export function chart(box: HTMLElement, drawing: Drawing, told: Told): Chart {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const stacks = stacksOf(drawing);
  const second = drawing.plain.find((track) => track.unit !== "W")?.unit;
  const series: uPlot.Series[] = [{}];
  for (const { track } of stacks) {
    const hue = colour(track.colour);
    series.push({ stroke: hue, width: drawing.bars ? 0 : 1, fill: hue, points: { show: false },
      ...(drawing.bars ? { paths: uPlot.paths.bars!({ size: [0.7, 48] }) } : {}) });
  }
  for (const track of drawing.plain) {
    series.push({ stroke: colour(track.colour), width: 1.6, points: { show: false }, scale: track.unit === "W" ? "y" : "second",
      ...(track.dashed ? { dash: [5, 4] } : {}), ...(track.unit === "W" ? {} : { paths: uPlot.paths.stepped!({ align: 1 }) }) });
  }
  let downX = 0, latest = drawing;
  const plot = new uPlot({
    ...size(box), legend: { show: false }, series,
    cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { show: false } },
    scales: { x: { time: true, range: (_, least, most) => (drawing.bars ? [least - drawing.step_s / 2, most + drawing.step_s / 2] : [least, most]) },
      y: { range: (_, least, most) => around(least, most, drawing) }, second: { range: (_, least, most) => [Math.min(0, least), most * 1.1 || 1] } },
    axes: [axis(colour, xAxis(drawing)), axis(colour, { size: drawing.bars ? 78 : 66, values: (_, splits) => splits.map((value) => yLabel(value, drawing.bars)) }),
      ...(second ? [axis(colour, { scale: "second", side: 1, size: 58, grid: { show: false },
        values: (_, splits) => splits.map((value) => secondLabel(value, second)) })] : [])],
    hooks: {
      setSelect: [(self) => {
        if (self.select.width > 8) told.zoomed(self.posToVal(self.select.left, "x"), self.posToVal(self.select.left + self.select.width, "x"));
      }],
      setCursor: [(self) => told.pointed(self.cursor.idx ?? null)],
      draw: [(self) => zero(self, colour("--soft")), (self) => latest.marks.forEach((mark) => marked(self, mark, colour("--soft"), colour("--ink")))],
    },
  }, dataOf(drawing), box);
  plot.over.addEventListener("mousedown", (event) => { downX = event.clientX; });
  plot.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - downX) < 5) told.clicked(plot.posToVal(event.offsetX, "x"));
  });
  const pinching = pinched(plot, drawing.bars, told);
  return { resize: () => plot.setSize(size(box)), destroy: () => plot.destroy(), move: (next) => {
    if (pinching()) return;
    latest = next;
    plot.setData(dataOf(next));
  } };
}

/** Two fingers keep the moments they were put on; what is between the edges then is asked for. Returns whether they are there. */
function pinched(plot: uPlot, bars: boolean, told: Told): () => boolean {
  let held: [number, number] | null = null, wanted: [number, number] | null = null;
  const across = (event: TouchEvent): [number, number] => {
    const left = plot.over.getBoundingClientRect().left;
    return [(event.touches[0]?.clientX ?? 0) - left, (event.touches[1]?.clientX ?? 0) - left];
  };
  const begin = (event: TouchEvent): void => {
    if (event.touches.length !== 2) return;
    const [one, other] = across(event);
    held = [plot.posToVal(one, "x"), plot.posToVal(other, "x")];
    wanted = null;
    event.preventDefault();
  };
  const move = (event: TouchEvent): void => {
    if (!held || event.touches.length !== 2) return;
    event.preventDefault();
    const [one, other] = across(event), perPixel = (held[1] - held[0]) / (other - one);
    if (!(perPixel > 0) || !Number.isFinite(perPixel)) return;
    const least = held[0] - one * perPixel;
    wanted = [least, least + plot.over.clientWidth * perPixel];
    if (!bars) plot.setScale("x", { min: wanted[0], max: wanted[1] });
  };
  const end = (): void => {
    if (!held) return;
    held = null;
    if (wanted) told.zoomed(...wanted);
  };
  plot.over.addEventListener("touchstart", begin, { passive: false });
  plot.over.addEventListener("touchmove", move, { passive: false });
  plot.over.addEventListener("touchend", end);
  plot.over.addEventListener("touchcancel", end);
  return () => held !== null;
}

const stacksOf = (drawing: Drawing): { track: Track; values: Row }[] => [...stackUp(drawing.stacked, false), ...stackUp(drawing.stacked, true)];

function dataOf(drawing: Drawing): uPlot.AlignedData {
  return [drawing.xs, ...stacksOf(drawing).map(({ values }) => values), ...drawing.plain.map(({ values }) => values)] as uPlot.AlignedData;
}

function size(box: HTMLElement): { width: number; height: number } {
  const width = Math.max(280, box.clientWidth);
  return { width, height: width < NARROW ? LOW_HEIGHT : HEIGHT };
}

/** Always the zero line, and room for it to be seen. */
function around(least: number, most: number, drawing: Drawing): [number, number] {
  const low = Math.min(0, least ?? 0), high = Math.max(0, most ?? 0);
  const room = Math.max((high - low) * 0.06, drawing.bars ? 200 : 50);
  return [low < 0 ? low - room : 0, high + room];
}

function zero(plot: uPlot, stroke: string): void {
  const y = Math.round(plot.valToPos(0, "y", true)) + 0.5;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** A dashed line; its name beside it, on the side that has room. */
function marked(plot: uPlot, { at_s, label }: Mark, stroke: string, ink: string): void {
  const { ctx, bbox } = plot, x = Math.round(plot.valToPos(at_s, "x", true)) + 0.5;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  const right = x > bbox.left + bbox.width / 2, room = 6 * devicePixelRatio;
  ctx.fillStyle = ink;
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = right ? "right" : "left";
  ctx.fillText(label, x + (right ? -room : room), bbox.top + 2.5 * room);
  ctx.restore();
}

function axis(colour: (name: string) => string, more: uPlot.Axis): uPlot.Axis {
  const stroke = colour("--soft"), line = { stroke: colour("--rule"), width: 1 };
  return { stroke, grid: line, ticks: line, font: "12px system-ui, sans-serif", ...more };
}

function xAxis(drawing: Drawing): uPlot.Axis {
  const span = (drawing.xs.at(-1) ?? 0) - (drawing.xs[0] ?? 0);
  if (drawing.bars) {
    const every = Math.max(1, Math.ceil(drawing.xs.length / 12));
    return { splits: () => drawing.xs.filter((_, index) => index % every === 0), values: (_, splits) => splits.map((at) =>
      (drawing.step_s > 20 * DAY_S ? monthOf(at * 1000) : dayOf(at * 1000))) , space: 60 };
  }
  return { space: 76, values: (_, splits) => splits.map((at, index) => {
    const ms = at * 1000, midnight = new Date(ms).getHours() + new Date(ms).getMinutes() === 0;
    return midnight && (span > DAY_S / 2 || index === 0) ? dayOf(ms) : span < 900 ? clock(ms) : clockShort(ms);
  }) };
}

function yLabel(value: number, energy: boolean): string {
  const size = Math.abs(value);
  return number(size / 1000, size && size < 1000 ? (size < 100 ? 2 : 1) : size % 1000 ? 1 : 0) + (energy ? " kWh" : " kW");
}

function secondLabel(value: number, unit: Track["unit"]): string {
  return unit === "permille" ? percent(value) : unit === "mdegc" ? number(value / 1000) + " °C" : number(value / 1000, 1) + " ct";
}
