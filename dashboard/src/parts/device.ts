// One device on its branch: what it draws, what it may and why, its mode; and on demand everything else.
import { age } from "../alarms";
import type { Context } from "../context";
import { h, hide, mark, share, text } from "../dom";
import { ampere, amps, degrees, duration, number, percent, title, watthours, watts, words } from "../format";
import { icon, iconOf } from "../icons";
import { hash } from "../route";
import type { House, Shown } from "../house";
import type { Ability, DeviceState, Measured, Vector } from "../types";
import { Limit } from "./limit";
import { Modes } from "./modes";
import { Why } from "./why";

const opened = new Set<string>(); // details that stay open while the reader goes to another view

export class DeviceCard {
  private readonly picture = h("span", { class: "picture" });
  private readonly note = h("p", { class: "note" });
  private readonly draw = h("strong");
  private readonly direction = h("small");
  private readonly granted = h("i", { class: "granted" });
  private readonly drawn = h("i", { class: "drawn" });
  private readonly bar = h("div", { class: "bar", "aria-hidden": "true" }, this.granted, this.drawn);
  private readonly why = new Why();
  private readonly modes: Modes;
  private readonly limit: Limit;
  private readonly facts = h("dl");
  private readonly decisions = h("a", {}, words.toDecisions);
  private readonly details: HTMLDetailsElement;
  readonly element: HTMLElement;

  constructor(name: string, context: Context) {
    this.modes = new Modes(name, context);
    this.limit = new Limit(name, context);
    this.details = h("details", {}, h("summary", {}, words.more, h("span", { class: "sr" }, " " + title(name))),
      h("div", { class: "more" }, this.modes.span(), this.limit.element), this.facts, h("p", { class: "links" },
        h("a", { href: hash("curves", { what: name }) }, words.toCurve), this.decisions));
    mark(this.decisions, "href", hash("decisions", { device: name }));
    this.details.open = opened.has(name);
    this.details.addEventListener("toggle", () => {
      if (this.details.open) opened.add(name);
      else opened.delete(name);
    });
    const head = h("div", { class: "head" }, this.picture, h("div", {}, h("h3", {}, title(name)), this.note));
    const draw = h("div", { class: "draw" }, this.draw, this.direction, this.bar);
    this.element = h("article", { class: "device" }, head, draw, this.why.element, this.modes.element, this.details);
  }

  show(device: Shown, house: House): void {
    const { state, decision } = device;
    if (!this.picture.firstChild) this.picture.append(icon(iconOf[state.kind] ?? "meter", "iconbox"));
    mark(this.element, "class", `device ${iconOf[state.kind]}${decision ? " load" : ""}${state.stale ? " old" : state.fault ? " failing" : ""}`);
    text(this.note, noteOf(state));
    const measured = state.power_w !== null;
    text(this.draw, measured ? watts(Math.abs(state.power_w ?? 0)) : "–");
    text(this.direction, directionOf(device));
    hide(this.why.element, !decision);
    hide(this.decisions, !decision); // a meter has none
    hide(this.bar, !decision);
    if (decision) {
      this.why.show(decision, house);
      const scale = Math.max(Math.abs(decision.granted_w), Math.abs(state.power_w ?? 0), most(device.ability), 100);
      share(this.granted, Math.abs(decision.granted_w) / scale);
      share(this.drawn, Math.abs(state.power_w ?? 0) / scale);
    }
    this.modes.show(device);
    if (!this.details.open) return;
    this.limit.show(device);
    this.showFacts(device);
  }

  private showFacts(device: Shown): void {
    const wanted = facts(device);
    const said = JSON.stringify(wanted);
    if (this.facts.dataset["said"] === said) return;
    this.facts.dataset["said"] = said;
    this.facts.replaceChildren(...wanted.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }
}

function noteOf(state: DeviceState): string {
  if (state.stale || state.fault) return age(state);
  const kind = words.kind[state.kind];
  const parts = [state.kind === "wallbox" ? words.car[state.state ?? ""] ?? kind : words.word[state.state ?? ""] ?? kind];
  if (state.temperature_mdegc !== null && state.kind !== "wallbox") parts.push(degrees(state.temperature_mdegc));
  if (state.soc_permille !== null) parts.push(`${percent(state.soc_permille)} ${words.full}`);
  return parts.join(", ");
}

function directionOf({ state, decision }: Shown): string {
  if (state.power_w === null) return state.stale ? "" : decision ? words.notMeasured : "";
  if (state.kind === "meter") return Math.abs(state.power_w) < 1 ? "" : state.power_w < 0 ? words.exported : words.imported;
  const label = state.power_w < 0 ? words.gives_ : words.draws;
  if (state.kind !== "wallbox" || !state.current_ma || !state.current_ma.some(Boolean)) return label;
  return `${label} ${amps(Math.max(...state.current_ma.map(Math.abs)))} A`;
}

function most(ability: Ability | undefined): number {
  if (!ability) return 0;
  if (ability.current_ma) return ability.current_ma[1] * 0.69; // three phases of 230 V, mA
  return Math.max(...(ability.power_w ?? ability.stages_w ?? [0]).map(Math.abs));
}

const MOST_MEASURED = 12;

/** What a heat, water or gas meter says now, exactly as it counts. */
function measuredFacts(measured: Measured | undefined): [string, string][] {
  const now = measured?.values.filter((one) => one.storage === 0 && one.value !== null) ?? [];
  return now.slice(0, MOST_MEASURED).map(({ quantity, value, scaler, unit }) =>
    [title(quantity), `${typeof value === "number" ? scaled(value, scaler) : value ?? ""} ${unit}`.trim()]);
}

function scaled(value: number, scaler: number): string {
  const digits = Math.max(0, Math.min(6, -scaler));
  return new Intl.NumberFormat(words.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value * 10 ** scaler);
}

function facts(device: Shown): [string, string][] {
  const { state, decision, ability, settings, energy, measured } = device;
  const out: [string, string][] = [];
  if (decision) {
    const wallbox = state.kind === "wallbox";
    out.push([decision.granted_w < 0 ? words.mayGive : words.mayDraw, wallbox ? onPhases(decision.granted_ma) : watts(Math.abs(decision.granted_w))]);
    out.push([words.wants, wallbox ? onPhases(decision.wanted_ma) : watts(Math.abs(decision.wanted_w))]);
  }
  const phases = [1, 2, 3].filter((phase) => state.phases.includes(phase) || !state.phases.length);
  const each = (name: string, vector: Vector, said: (one: number) => string, unit: string): [string, string] =>
    [`${name} ${phases.map((phase) => "L" + phase).join(" / ")}`, phases.map((phase) => said(vector[phase - 1] ?? 0)).join(" / ") + unit];
  if (state.current_ma) out.push(each(words.currents, state.current_ma, (ma) => amps(ma), " A"));
  if (state.voltage_mv) out.push(each(words.voltage, state.voltage_mv, (mv) => number(mv / 1000), " V"));
  if (state.frequency_mhz) out.push([words.frequency, number(state.frequency_mhz / 1000, 2) + " Hz"]);
  out.push([words.onPhases, state.phases.map((phase) => "L" + phase).join(" ")]);
  const taken = energy?.import_wh ?? state.energy_wh, given = energy?.export_wh ?? state.export_wh;
  if (taken !== null && taken !== undefined) out.push([words.total, words.counted(watthours(taken), given ? watthours(given) : "")]);
  out.push(...measuredFacts(measured));
  if (ability) {
    out.push([words.priority, words.priorityOf(ability.priority)]);
    out.push([words.failsafe, failsafe(ability)]);
  }
  if (settings?.power_w !== null && settings?.power_w !== undefined) out.push(["", words.command.told(watts(settings.power_w))]);
  return out;
}

export function failsafe(ability: Pick<Ability, "failsafe_ms" | "left_alone_ma">): string {
  const left = onPhases(ability.left_alone_ma, Math.ceil);
  if (ability.failsafe_ms === null) return words.failsafeNone(left);
  const after = duration(ability.failsafe_ms);
  return ability.left_alone_ma.some(Boolean) ? words.failsafeIs(after, words.atMost(left)) : words.failsafeStops(after);
}

/** The current on each phase, shortly: once when it is the same wherever it flows. */
export function onPhases(vector: Vector, round: (tenths: number) => number = Math.round): string {
  const rounded = (ma: number): number => round(ma / 100) * 100;
  const flowing = vector.flatMap((ma, index) => (ma ? [[`L${index + 1}`, ma] as const] : []));
  const first = flowing[0];
  if (!first) return ampere(0);
  if (flowing.every(([, ma]) => ma === first[1])) return `${ampere(rounded(first[1]))} (${flowing.map(([name]) => name).join(" ")})`;
  return flowing.map(([name, ma]) => `${ampere(rounded(ma))} (${name})`).join(", ");
}
