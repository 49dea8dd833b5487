// The owner's own limit of one device: it can only lower what the device may have.
import type { Context } from "../context";
import { h, hide, text } from "../dom";
import { ampere, moment, title, watts, words } from "../format";
import type { Shown } from "../house";

export class Limit {
  private readonly field = h("input", { type: "number", min: 0, step: 1, required: "" });
  private readonly unit = h("span", { class: "unit" });
  private readonly said = h("small");
  private readonly lift = h("button", { type: "button" }, words.command.lift);
  readonly element: HTMLFormElement;
  private amperes = false;

  constructor(private readonly name: string, private readonly context: Context) {
    this.element = h("form", { class: "limit", hidden: "" }, h("label", {}, words.command.limit, " ", this.field, this.unit),
      h("button", {}, words.command.plan), this.lift, this.said);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send(Math.round(this.field.valueAsNumber * (this.amperes ? 1000 : 1)));
    });
    this.lift.addEventListener("click", () => void this.send("default"));
  }

  show({ settings, ability }: Shown): void {
    hide(this.element, !this.context.session.maySet() || settings?.limit === undefined || !ability);
    if (!ability) return;
    this.amperes = ability.current_ma !== null;
    const most = ability.current_ma ? ability.current_ma[1] / 1000 : Math.max(...(ability.power_w ?? ability.stages_w ?? [0]).map(Math.abs));
    this.field.max = String(most);
    if (!this.field.value) this.field.value = String(most);
    text(this.unit, this.amperes ? " A" : " W");
    const limit = settings?.limit ?? null;
    hide(this.lift, limit === null);
    const until = settings?.limit_until_s ? ", " + words.command.until(moment(settings.limit_until_s * 1000)) : "";
    text(this.said, limit === null ? "" : words.atMost(this.amperes ? ampere(limit) : watts(limit)) + until);
  }

  private async send(value: number | "default"): Promise<void> {
    const result = await this.context.session.set(this.context.house()?.slug ?? "", this.name, "limit", value);
    if (result.ok) this.context.say(`${title(this.name)}: ${words.command.done(words.command.limit)}`);
    else this.context.say(result.why ? words.command.refused(result.why) : words.command.failed, true);
  }
}
