// Why a device may have what it may: the sentence, and the fuse phase behind it as one bar.
import { h, hide, share, text } from "../dom";
import { ampere, because, title, words } from "../format";
import type { House } from "../house";
import type { Decision } from "../types";

const CONTINUOUS = 11; // control/reasons.py: the limit for hours binds, not the fuse

export class Why {
  private readonly amount = h("strong");
  private readonly cause = h("span");
  private readonly others = h("i", { class: "others" });
  private readonly self = h("i", { class: "self" });
  private readonly rest = h("i", { class: "rest" });
  private readonly caption = h("small");
  private readonly bar = h("div", { class: "parts", "aria-hidden": "true" }, this.others, this.self, this.rest);
  private readonly binding = h("div", { class: "binding" }, this.bar, this.caption);
  readonly element = h("div", { class: "why" },
    h("p", {}, h("span", { class: "sr" }, words.why + ": "), this.amount, " ", this.cause), this.binding);

  show(decision: Decision, house: House): void {
    const [amount = "", ...cause] = because(decision).split(": ");
    text(this.amount, cause.length ? amount : "");
    text(this.cause, cause.length ? cause.join(": ") : amount);
    this.showBinding(decision, house);
  }

  private showBinding(decision: Decision, house: House): void {
    const at = decision.bound_by;
    const node = at ? house.nodes.get(at.node) : undefined;
    hide(this.binding, !at?.phase || !node);
    if (!at?.phase || !node) return;
    const index = at.phase - 1;
    const limit = decision.reason === CONTINUOUS ? node.continuous_ma : node.rated_ma;
    const others = Math.max(0, node.rest_ma[index] ?? 0);
    const self = Math.max(0, decision.granted_ma[index] ?? 0);
    const rest = Math.max(0, (node.issued_ma[index] ?? 0) - self);
    share(this.others, others / limit);
    share(this.self, self / limit);
    share(this.rest, rest / limit);
    const said = [`${ampere(rounded(others))} ${words.binding.others}`, `${ampere(rounded(self))} ${words.binding.self}`];
    if (rest >= 100) said.push(`${ampere(rounded(rest))} ${words.binding.rest}`);
    const where = words.binding.at(title(at.node), ` L${at.phase}`);
    text(this.caption, `${where}: ${said.join(" + ")} = ${words.of(ampere(rounded(others + self + rest)), ampere(limit))}`);
  }
}

const rounded = (ma: number): number => Math.round(ma / 100) * 100;
