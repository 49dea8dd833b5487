// Set-up: the configuration as a tree, what the check says of it, version and backup. Read only.
import type { Context, View } from "../context";
import { of } from "../api";
import { h } from "../dom";
import { ampere, duration, title, watts, words } from "../format";
import { hash } from "../route";
import { type Facts, type Setup, setupOf } from "../setup";

const CURVES: Record<string, string> = { "sls-e": "SLS-E", gg: "gG", "mcb-b": "MCB B", "mcb-c": "MCB C", "mcb-d": "MCB D" };

export function setup(context: Context): View {
  const element = h("div", { class: "setup" }, h("p", { class: "note", role: "status" }, words.loading));
  let shown = "";
  const load = async (): Promise<void> => {
    const found = await setupOf(context);
    element.replaceChildren(...(typeof found === "string" ? [absent(found)] : whole(found, context)));
  };
  return {
    element,
    update: () => {
      const wanted = `${context.house()?.slug} ${context.session.who?.user}`;
      if (!context.house() || wanted === shown) return;
      shown = wanted;
      void load();
    },
  };
}

function absent(why: string): HTMLElement {
  if (why === "401" || why === "403") {
    return h("p", { class: "card" }, words.setup.needs + " ", h("a", { href: hash("login") }, words.login));
  }
  return h("p", { class: "card" }, why ? words.setup.failed(why) : words.setup.none);
}

function whole({ version, configuration: facts, parts, ...more }: Setup, context: Context): HTMLElement[] {
  const say = words.setup;
  const warnings = words.lang === "de" ? facts.warnings_de : facts.warnings;
  const missing = (words.lang === "de" ? more.missing_de : more.missing) ?? [];
  return [
    h("section", {}, h("h2", {}, say.checks), h("div", { class: "card" },
      warnings.length ? h("p", {}, h("strong", {}, say.warnings)) : h("p", { class: "well" }, say.well),
      warnings.length ? h("ul", { class: "plain" }, ...warnings.map((one) => h("li", { class: "warning" }, one))) : null,
      missing.length ? h("p", {}, h("strong", {}, say.missing)) : null,
      missing.length ? h("ul", { class: "plain" }, ...missing.map((one) => h("li", { class: "note" }, one))) : null,
      h("dl", { class: "facts" }, h("div", {}, h("dt", {}, say.version), h("dd", {}, version || "–"))),
      backup(context),
      h("p", { class: "note" }, say.readOnly))),
    h("section", {}, h("h2", {}, say.tree), h("div", { class: "card" }, nodes(facts, null))),
    h("section", {}, h("h2", {}, say.lines), h("div", { class: "card" }, lines(facts))),
    h("section", {}, h("h2", {}, say.parts), h("div", { class: "card" }, around(parts))),
    h("section", {}, h("h2", {}, say.dead), h("div", { class: "card" }, dead(facts))),
  ];
}

/** For installers only: what it holds is more than what is shown. */
function backup(context: Context): HTMLElement {
  const say = words.setup;
  if (context.session.who?.role !== "installer") return h("p", { class: "note" }, say.backupNeeds);
  const href = of(context.house()?.slug ?? "", "backup");
  return h("p", {}, h("a", { class: "button", href, download: "" }, say.backup), " ", h("small", {}, say.backupHelp));
}

function around(parts: Setup["parts"]): HTMLElement {
  return h("ul", { class: "configtree" }, ...Object.entries(parts).map(([name, table]) => h("li", {}, h("p", {}, h("strong", {}, `[${name}]`), " ",
    h("span", { class: "note" }, table === null ? words.lamp.off : Object.entries(table).filter(([, value]) => value !== "" && value !== null)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(", "))))));
}

function nodes(facts: Facts, parent: string | null): HTMLElement {
  return h("ul", { class: "configtree" }, ...facts.nodes.filter((node) => node.parent === parent).map((node) => {
    const limits = [`${ampere(node.rated_ma)} ${CURVES[node.curve] ?? node.curve}`];
    if (node.continuous_ma < node.rated_ma) limits.push(words.continuous(ampere(node.continuous_ma)));
    if (node.max_w) limits.push(words.atMost(watts(node.max_w)));
    if (node.imbalance_va) limits.push(words.imbalance(node.imbalance_va));
    limits.push(node.meter ? `${words.kind.meter} ${title(node.meter)}` : words.estimated);
    return h("li", {}, h("p", {}, h("strong", {}, title(node.name)), " ", h("span", { class: "note" }, limits.join(", "))),
      devices(facts, node.name), facts.nodes.some((one) => one.parent === node.name) ? nodes(facts, node.name) : null);
  }));
}

function devices(facts: Facts, node: string): HTMLElement {
  return h("ul", { class: "configtree" }, ...facts.devices.filter((device) => device.node === node).map((device) => {
    const about = [device.driver, device.line === null ? device.sum ?? "" : [device.line, device.unit ?? ""].join(" ").trim(), device.phases.join(" "),
      `${words.setup.reads} ${duration(device.period_ms)}`, device.mode ? words.mode[device.mode] ?? device.mode : "",
      device.priority === null ? "" : words.priorityOf(device.priority), range(device)];
    return h("li", {}, h("p", {}, h("strong", {}, title(device.name)), " ", h("span", { class: "note" }, about.filter(Boolean).join(", "))));
  }));
}

function range(device: Facts["devices"][number]): string {
  if (device.current_ma) return `${ampere(device.current_ma[0])} – ${ampere(device.current_ma[1])}`;
  if (device.power_w) return `${watts(device.power_w[0])} – ${watts(device.power_w[1])}`;
  return device.stages_w ? device.stages_w.map((w) => watts(w)).join(" / ") : "";
}

function lines(facts: Facts): HTMLElement {
  const shown = ["host", "port", "baud", "stick", "maker", "interface"];
  return h("ul", { class: "configtree" }, ...facts.lines.map((line) => h("li", {}, h("p", {}, h("strong", {}, title(line.name)), " ",
    h("span", { class: "note" }, [line.kind, ...shown.flatMap((key) => (line[key] ? [String(line[key])] : []))].join(" ")
      + ": " + (line.devices.map(title).join(", ") || "–"))))));
}

function dead(facts: Facts): HTMLElement {
  return h("ul", { class: "plain" }, ...facts.losses.everything.devices.map((device) => h("li", {}, h("strong", {}, title(device.device)), " ",
    h("span", { class: "note" }, device.failsafe_ms === null ? "" : duration(device.failsafe_ms) + ": ",
      words.lang === "de" ? device.words_de : device.words))));
}
