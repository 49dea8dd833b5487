// Draws one site's model: alarms, headline, flow, devices, fuses, health. Elements are made once and then updated.
import { h, iconBox, iconOf, mark, svg, text } from "./dom.js";
import { drawFlow } from "./flow.js";
import { amps, clock, degrees, duration, grantedAmps, percent, roughly, title, watthours, watts, words } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const order = ["wallbox", "storage", "heater", "stages", "source"];
const EVEN_W = 50;
let site = "";
const cards = new Map();

export function drawLink(link, since) {
  const at = since ? clock(since) : "";
  mark(document.body, "data-link", link);
  text($("#link"), words.link[link]);
  const banner = words.banner[link];
  $("#banner").hidden = !banner || (!since && link !== "lost");
  text($("#banner"), banner ? banner(at) : "");
}

export function draw(slug, model) {
  if (slug !== site) clear();
  site = slug;
  const house = model.get("site/state");
  const devices = part(model, /^([^/]+)\/state$/).filter(([, state]) => state.kind);
  if (!house) return;
  text($("#name"), house.name);
  document.title = house.name;
  drawAlarms(alarms(house, devices, model));
  drawHead(house, devices);
  for (const [name, state] of devices.filter(([, state]) => state.kind !== "meter").sort(byKind)) {
    card("devices", name, deviceCard)(state, model.get(name + "/decision"));
  }
  const decisions = part(model, /^([^/]+)\/decision$/);
  for (const [name, state] of part(model, /^node_(.+)\/state$/).sort(byParent)) {
    card("fuses", name, fuseCard)(state, decisions);
  }
  for (const [name, state] of part(model, /^line_(.+)\/state$/)) card("health", name, lineCard)(state, devices);
  if (house.broker != null) card("health", words.broker, brokerCard)(house.broker);
}

const part = (model, pattern) => [...model].flatMap(([path, value]) => {
  const found = path.match(pattern);
  return found && typeof value === "object" ? [[found[1], value]] : [];
});
const byKind = ([a, x], [b, y]) => order.indexOf(x.kind) - order.indexOf(y.kind) || a.localeCompare(b);
const byParent = ([, x], [, y]) => (x.parent !== null) - (y.parent !== null);

function clear() {
  cards.clear();
  for (const id of ["devices", "fuses", "health"]) {
    text($(`#${id} h2`), words[id]);
    $(`#${id} .cards`).replaceChildren();
  }
  $(".legend").replaceChildren(...Object.entries(words.legend).map(([key, word]) => h("span", { class: key }, word)));
}

function card(section, name, make) {
  const key = section + name;
  if (!cards.has(key)) {
    const [element, update] = make(name);
    $(`#${section} .cards`).append(element);
    cards.set(key, update);
  }
  return cards.get(key);
}

// --- alarms: what is wrong and what to do -------------------------------------------------------------------------

function alarms(house, devices, model) {
  const found = house.alarms.map(({ device, why }) => {
    const state = model.get(device + "/state");
    return [title(why), held(state, model), words.what[state?.fault]];
  });
  for (const [name, state] of devices) {
    const known = house.alarms.some(({ device }) => device === name);
    if (state.stale && !known) {
      found.push([words.alarm.stale(title(name), age(state)), held(state, model), words.what[state.fault ?? "timeout"]]);
    }
    if (state.state === "locked") found.push([words.alarm.locked(title(name)), words.alarm.lockedIs, words.alarm.lockedDo]);
    const fault = model.get(name + "/decision")?.fault;
    if (fault && !state.stale && !known) found.push([words.alarm.write(title(name)), words.alarm.held, words.what[fault]]);
  }
  if (house.broker === false) found.push([words.alarm.broker, house.broker_fault ?? "", words.alarm.brokerDo]);
  if (house.journal) found.push([words.alarm.journal(house.journal), words.alarm.journalDo]);
  return found;
}

const held = (state, model) => (model.get(`node_${state?.node}/state`)?.parent === null && state.kind === "meter"
  ? words.alarm.blind : words.alarm.held);

function drawAlarms(found) {
  const said = JSON.stringify(found);
  const box = $("#alarms");
  if (box.dataset.said === said) return;
  box.dataset.said = said;
  box.hidden = !found.length;
  box.replaceChildren(...found.map(([what, ...then]) => h("p", { class: then[0] === words.alarm.blind ? "bad" : "warn" },
    h("strong", {}, what), " " + then.filter(Boolean).join(" "))));
}

// --- headline and flow --------------------------------------------------------------------------------------------

function drawHead(house, devices) {
  const say = words.headline;
  const w = house.grid_w;
  text($("#headline"), w == null ? say.blind : w < -EVEN_W ? say.out(roughly(-w)) : w > EVEN_W ? say.in(roughly(w)) : say.even);
  const kinds = new Set(devices.map(([, state]) => state.kind));
  const watt = {};
  if (kinds.has("source")) watt.pv = house.pv_w;
  watt.grid = w == null ? w : -w; // + into the grid
  if (kinds.has("storage")) watt.storage = house.storage_w;
  watt.house = house.house_w;
  if (kinds.has("wallbox")) watt.cars = house.cars_w;
  if (kinds.has("heater") || kinds.has("stages")) watt.heat = house.heat_w;
  text($("#balance"), balance(watt));
  const soc = devices.find(([, state]) => state.kind === "storage")?.[1].soc_permille;
  drawFlow($("#picture"), watt, {
    storage: soc == null ? "" : percent(soc), grid: Math.abs(w ?? 0) < EVEN_W ? "" : w < 0 ? words.sold : words.bought,
  });
}

function balance({ pv, storage, house, cars, heat }) {
  const say = words.balance;
  const parts = [];
  if (pv != null) parts.push(pv < -EVEN_W ? say.sun(roughly(-pv)) : say.dark);
  if (storage > EVEN_W) parts.push(say.takes(roughly(storage)));
  if (storage < -EVEN_W) parts.push(say.gives(roughly(-storage)));
  if (house != null) parts.push(say.house(roughly(house)));
  if (cars > EVEN_W) parts.push(say.cars(roughly(cars)));
  if (heat > EVEN_W) parts.push(say.heat(roughly(heat)));
  const line = parts.join(", ");
  return line && line[0].toUpperCase() + line.slice(1) + ".";
}

// --- devices ------------------------------------------------------------------------------------------------------

function deviceCard(name) {
  const chip = h("span", { class: "chip" });
  const note = h("p", { class: "note" });
  const facts = [0, 1, 2].map(() => [h("dt"), h("dd")]);
  const bar = h("div", { class: "bar", "aria-hidden": "true" }, h("i", { class: "granted" }), h("i", { class: "drawn" }));
  const level = h("div", { class: "level", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": title(name) }, h("i"));
  const cause = h("span");
  const why = h("p", { class: "why" }, h("b", {}, words.why), cause);
  const picture = h("span", { class: "picture" });
  const element = h("article", {}, h("header", {}, picture, h("div", {}, h("h3", {}, title(name)), note), chip),
    level, h("dl", {}, ...facts.map((pair) => h("div", {}, ...pair))), bar, why);
  return [element, (state, decision) => {
    if (!picture.firstChild) picture.append(iconBox(iconOf[state.kind] ?? "meter"));
    mark(element, "class", `device ${iconOf[state.kind]}${state.stale ? " old" : ""}`);
    text(note, noteOf(state));
    chip.hidden = !decision;
    text(chip, decision ? words.mode[decision.mode] ?? decision.mode : "");
    mark(chip, "title", words.modeHelp[decision?.mode] ?? "");
    drawFacts(facts, state, decision);
    drawBar(bar, state, decision);
    drawLevel(level, state.soc_permille);
    why.hidden = !decision;
    text(cause, decision ? decision.why : "");
  }];
}

function noteOf(state) {
  if (state.stale) return age(state);
  const parts = [state.kind === "wallbox" ? words.car[state.state] ?? state.state : state.state ?? words.kind[state.kind]];
  if (state.temperature_mdegc != null && state.kind !== "wallbox") parts.push(degrees(state.temperature_mdegc));
  if (state.soc_permille != null) parts.push(percent(state.soc_permille) + "\u00a0" + words.full);
  return parts.filter(Boolean).join(", ");
}

const most = (vector) => Math.max(...vector.map(Math.abs));
const count = (vector) => vector.filter((ma) => ma).length;

function drawFacts(facts, state, decision) {
  const w = state.power_w;
  const shown = [[w < 0 ? words.gives : words.draws, watts(w == null ? null : Math.abs(w)), conductors(state)]];
  if (decision && state.kind === "wallbox") {
    shown.push([words.mayDraw, grantedAmps(most(decision.granted_ma)), phases(decision.granted_ma)]);
    shown.push([words.wants, grantedAmps(most(decision.wanted_ma)), phases(decision.wanted_ma)]);
  } else if (decision) {
    shown.push([decision.granted_w < 0 ? words.mayGive : words.mayDraw, watts(Math.abs(decision.granted_w))]);
    shown.push([words.wants, watts(Math.abs(decision.wanted_w))]);
  }
  if (state.kind === "source" && state.export_wh) shown.push([words.total, watthours(state.export_wh)]);
  facts.forEach(([dt, dd], i) => {
    const [label, value, extra] = shown[i] ?? [];
    dt.parentElement.hidden = !label;
    text(dt, label ?? "");
    if (dd.dataset.said === value + extra) return;
    dd.dataset.said = value + extra;
    dd.replaceChildren(value ?? "", extra ? h("small", {}, extra) : "");
  });
}

const phases = (vector) => (count(vector) ? vector.flatMap((ma, i) => (ma ? ["L" + (i + 1)] : [])).join(" ") : "");

function conductors(state) {
  if (state.kind !== "wallbox" || !state.current_ma || !count(state.current_ma)) return "";
  return `${amps(most(state.current_ma))}\u00a0A`;
}

function drawBar(bar, state, decision) {
  bar.hidden = !decision;
  if (!decision) return;
  const scale = Math.max(Math.abs(decision.wanted_w), Math.abs(decision.granted_w), Math.abs(state.power_w ?? 0), 100);
  share(bar.children[0], Math.abs(decision.granted_w) / scale);
  share(bar.children[1], Math.abs(state.power_w ?? 0) / scale);
}

function drawLevel(level, permille) {
  level.hidden = permille == null;
  if (permille == null) return;
  mark(level, "aria-valuenow", Math.round(permille / 10));
  share(level.firstChild, permille / 1000);
}

const share = (element, part) => element.style.setProperty("--share", Math.max(0, Math.min(part, 1)).toFixed(3));

// --- fuses --------------------------------------------------------------------------------------------------------

function fuseCard(name) {
  const note = h("p", { class: "note" });
  const rows = [0, 1, 2].map((i) => {
    const gauge = h("div", { class: "gauge", role: "meter", "aria-label": `${title(name)} L${i + 1}`, "aria-valuemin": 0 },
      h("i", { class: "reserved" }), h("i", { class: "measured" }));
    return { gauge, value: h("span", { class: "figure" }), back: h("span", { class: "back" }), label: h("span", {}, `L${i + 1}`) };
  });
  const element = h("article", { class: "fuse" }, h("h3", {}, title(name)), note,
    ...rows.map((row) => h("div", { class: "row" }, row.label, row.gauge, row.value, row.back)));
  return [element, (state, decisions) => {
    const source = state.believed ? "" : state.meter === null ? words.estimated : words.doubted;
    mark(element, "data-believed", state.believed);
    text(note, [words.rated(state.rated_ma / 1000), state.parent && words.behind(title(state.parent)), source]
      .filter(Boolean).join(", "));
    rows.forEach((row, i) => drawPhase(row, state, i, heldBack(decisions, name, i + 1)));
  }];
}

const heldBack = (decisions, node, phase) => decisions.filter(([, { bound_by: at }]) => at?.node === node
  && (at.phase === null || at.phase === phase)).map(([name]) => title(name)).join(", ");

function drawPhase(row, state, i, names) {
  const now = state.measured_ma?.[i] ?? null;
  const ready = Math.max(0, state.rest_ma[i]) + state.issued_ma[i];
  const size = Math.abs(now ?? ready);
  mark(row.gauge, "data-load", size > state.rated_ma ? "over" : size > 0.8 * state.rated_ma ? "high" : now < 0 ? "back" : "fine");
  share(row.gauge.children[0], ready / state.rated_ma);
  share(row.gauge.children[1], Math.abs(now ?? 0) / state.rated_ma);
  const figure = words.of(amps(now ?? ready), amps(state.rated_ma, 0));
  mark(row.gauge, "aria-valuemax", state.rated_ma / 1000);
  mark(row.gauge, "aria-valuenow", Math.min(size, state.rated_ma) / 1000);
  mark(row.gauge, "aria-valuetext", figure);
  text(row.value, (now === null ? "\u2264\u00a0" : "") + figure);
  text(row.back, names && words.back(names));
}

// --- health -------------------------------------------------------------------------------------------------------

const lamp = () => svg("svg", { viewBox: "0 0 12 12", class: "lamp", role: "img" }, svg("path"));
const shapes = { ok: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10", warn: "M6 1l5.5 10H.5z", bad: "M1 1h10v10H1z" };

function light(element, how) {
  mark(element, "data-how", how);
  mark(element, "aria-label", words.lamp[how]);
  mark(element.firstChild, "d", shapes[how]);
}

function age(state) {
  if (state.age_ms == null) return [words.age.never, words.fault[state.fault]].filter(Boolean).join(": ");
  const long = state.age_ms ? duration(state.age_ms) : "";
  if (!state.stale) return long ? words.age.ago(long) : words.age.live;
  return [long ? words.age.silent(long) : words.age.doubted, words.fault[state.fault]].filter(Boolean).join(": ");
}

function lineCard(name) {
  const lineLamp = lamp();
  const list = h("ul");
  const rows = new Map();
  const element = h("article", { class: "health" }, h("h3", {}, lineLamp, words.line(name)), list);
  return [element, (line, devices) => {
    const all = line.devices.map((device) => [device, Object.fromEntries(devices)[device.name] ?? {}]);
    const dead = all.length && all.every(([device, state]) => !device.ok && state.stale);
    light(lineLamp, line.ok ? "ok" : dead ? "bad" : "warn");
    for (const [device, state] of all) {
      if (!rows.has(device.name)) {
        const row = [lamp(), h("span", {}, title(device.name)), h("span", { class: "age" }), h("small")];
        rows.set(device.name, row);
        list.append(h("li", {}, ...row));
      }
      const [its, , when, errors] = rows.get(device.name);
      light(its, state.stale ? "bad" : device.ok ? "ok" : "warn");
      text(when, age({ ...state, fault: state.fault ?? device.fault }));
      text(errors, words.errors(device.errors, device.reads));
    }
  }];
}

function brokerCard(name) {
  const its = lamp();
  const note = h("p", { class: "note" });
  return [h("article", { class: "health" }, h("h3", {}, its, name), note), (connected) => {
    light(its, connected ? "ok" : "bad");
    text(note, connected ? words.connected : words.link.lost);
  }];
}
