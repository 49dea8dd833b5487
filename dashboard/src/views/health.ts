// Health: every meter and line with age, error rate and a lamp; what to do; what happens when each part fails.
import { age, type Lamp, lampOf, troubles } from "../alarms";
import type { Context, View } from "../context";
import { h, hide, mark, Rows, svg, text } from "../dom";
import { ampere, duration, number, percent, title, words } from "../format";
import { failsafe, onPhases } from "../parts/device";
import type { Facts } from "../setup";
import { setupOf } from "../setup";
import type { House } from "../house";
import type { LineDevice, LineState } from "../types";
import { drawTroubles } from "../parts/troubles";

const SHAPES: Record<Lamp, string> = {
  ok: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10", warn: "M6 1l5.5 10H.5z", bad: "M1 1h10v10H1z", off: "M1 5h10v2H1z",
};

class Light {
  private readonly path = svg("path");
  readonly element = svg("svg", { viewBox: "0 0 12 12", class: "lamp", role: "img" }, this.path);

  show(how: Lamp): void {
    mark(this.element, "data-how", how);
    mark(this.element, "aria-label", words.lamp[how]);
    mark(this.path, "d", SHAPES[how]);
  }
}

export function health(context: Context): View {
  const say = words.health;
  const well = h("p", { class: "card well" }, say.well);
  const list = h("div", { class: "alarms" });
  const lines = h("div", { class: "cards wide" });
  const lineRows = new Rows<[LineState, House]>(lines, lineCard);
  const parts = h("ul", { class: "card parts-list" });
  const partRows = new Rows<[Lamp, string]>(parts, partRow);
  const ifs = h("dl", { class: "card ifs" });
  let facts: Facts | null = null;
  let told = "", askedOf = "";
  const ask = async (slug: string): Promise<void> => {
    askedOf = slug;
    const setup = await setupOf(context);
    facts = typeof setup === "string" ? null : setup.configuration;
    told = "";
  };
  return {
    element: h("div", { class: "health" },
      h("section", {}, h("h2", {}, say.alarms), well, list), h("section", {}, h("h2", {}, say.meters), lines),
      h("section", {}, h("h2", {}, say.parts), parts), h("section", {}, h("h2", {}, say.whatIf), ifs)),
    update: () => {
      const house = context.house();
      if (!house?.state) return;
      if (askedOf !== house.slug) void ask(house.slug);
      const found = troubles(house);
      hide(well, found.length > 0 || context.link() !== "live");
      drawTroubles(list, found);
      lineRows.show([...house.lines].map(([name, line]) => [name, [line, house]] as [string, [LineState, House]]));
      partRows.show(connections(context, house));
      const wanted = whatIf(house, facts);
      if (JSON.stringify(wanted) !== told) {
        told = JSON.stringify(wanted);
        ifs.replaceChildren(...wanted.map(([what, then]) => h("div", {}, h("dt", {}, what), h("dd", {}, ...then.map((one) => h("p", {}, one))))));
      }
    },
  };
}

function lineCard(name: string): [Element, (value: [LineState, House]) => void] {
  const light = new Light();
  const body = h("tbody");
  const rows = new Rows<[LineDevice, House]>(body, deviceRow);
  const [device, newest, errors] = words.health.columns;
  const table = h("table", {}, h("caption", {}, light.element, " ", words.health.line(title(name))),
    h("thead", {}, h("tr", {}, ...[device, newest, errors].map((word) => h("th", { scope: "col" }, word ?? "")))), body);
  return [h("article", { class: "card" }, table), ([line, house]) => {
    const dead = line.devices.length > 0 && line.devices.every((one) => !one.ok && house.devices.get(one.name)?.state?.stale);
    light.show(line.ok ? "ok" : dead ? "bad" : "warn");
    rows.show(line.devices.map((one) => [one.name, [one, house]] as [string, [LineDevice, House]]));
  }];
}

function deviceRow(name: string): [Element, (value: [LineDevice, House]) => void] {
  const light = new Light();
  const when = h("td"), errors = h("td");
  return [h("tr", {}, h("th", { scope: "row" }, light.element, " ", title(name)), when, errors), ([line, house]) => {
    const state = house.devices.get(name)?.state;
    light.show(lampOf(state, line));
    text(when, age({ age_ms: state?.age_ms ?? line.age_ms, stale: state?.stale ?? true, fault: state?.fault ?? line.fault }));
    const rate = line.reads ? percent(Math.min(1000, (1000 * line.errors) / line.reads)) : "";
    text(errors, words.health.errors(rate === percent(0) && line.errors ? "< 1 %" : rate, number(line.errors), number(line.reads)));
  }];
}

function partRow(name: string): [Element, (value: [Lamp, string]) => void] {
  const light = new Light();
  const note = h("span", { class: "note" });
  return [h("li", {}, light.element, h("strong", {}, name), note), ([how, words_]) => {
    light.show(how);
    text(note, words_);
  }];
}

function connections(context: Context, house: House): [string, [Lamp, string]][] {
  const say = words.health, link = context.link();
  const state = house.state;
  const out: [string, [Lamp, string]][] = [[say.page, [link === "live" ? "ok" : "bad", link === "live" ? say.pageLive : words.link[link]]]];
  const broker = context.feed.cut ? false : state?.broker ?? null;
  out.push([say.broker, broker === null ? ["off", say.noBroker] : broker ? ["ok", say.connected] : ["bad", context.feed.cut || ((words.lang === "de" && state?.broker_fault_de) || (state?.broker_fault ?? words.link.lost))]]);
  const journal = state?.journal ?? null;
  out.push([say.journal, journal === null ? ["off", words.lamp.off] : journal ? ["bad", journal] : ["ok", say.writing]]);
  if (house.records) {
    const fault = String(house.records["fault"] ?? "");
    out.push([say.records, fault ? ["bad", fault] : ["ok", say.writing]]);
  }
  return out;
}

function whatIf(house: House, facts: Facts | null): [string, string[]][] {
  const say = words.health.ifs, out: [string, string[]][] = [];
  for (const lost of facts?.losses.meters ?? []) {
    out.push([say.meter(title(lost.meter)), [say.meterIs(duration(lost.after_ms)),
      ...lost.nodes.map((node) => say.budget(ampere(Math.min(...node.budget_ma)), title(node.node)))]]);
  }
  out.push([say.dead, [say.deadIs, ...house.loads().flatMap((load) => (load.ability ? [`${title(load.name)}: ${failsafe(load.ability)}.`] : [])),
    ...(facts?.losses.everything.nodes ?? []).map((node) => say.total(title(node.node), ampere(Math.max(...node.total_ma)), ampere(node.rated_ma)))]]);
  const reserved = house.loads().flatMap(({ name, ability }) => (ability ? [say.reserved(title(name), onPhases(ability.left_alone_ma, Math.ceil))] : []));
  if (reserved.length) out.push([say.device, [say.deviceIs, ...reserved]]);
  if (house.state?.broker !== null) out.push([say.broker, [say.brokerIs]]);
  out.push([say.page, [say.pageIs]], [say.disk, [say.diskIs]]);
  return out;
}
