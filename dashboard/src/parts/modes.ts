// The mode switch of a device, for how long, and its target with its departure.
import type { Context } from "../context";
import { h, hide, mark, text } from "../dom";
import { moment, percent, title, watthours, words } from "../format";
import { go } from "../route";
import type { Shown } from "../house";

const HOUR_S = 3600;
const MOST_TARGET_S = 7 * 86_400;
const DEPARTURE_HOUR = 7;
const ENERGY_KWH = 20, LEVEL_PERCENT = 80;
const ASKING_MS = 600_000; // the form may stay open so long before the switch shows the mode that holds again
const SETTLE_MS = 5_000; // the answer is there before the next decision is

export class Modes {
  private readonly set = h("fieldset", { class: "modes" });
  private readonly note = h("small", { class: "set" });
  private readonly target: HTMLFormElement;
  private readonly energy = h("input", { type: "number", min: 1, step: 1, required: "" });
  private readonly energyName = h("span");
  private readonly energyUnit = h("span");
  private readonly by = h("input", { type: "datetime-local", required: "" });
  private readonly held = h("select");
  private readonly spanLabel = h("label", { class: "span", hidden: "" }, words.command.forHow + " ", this.held);
  private readonly radios = new Map<string, HTMLInputElement>();
  readonly element: HTMLElement;
  private wantedUntil = 0;
  private modes = "";
  private wants: "" | "target_wh" | "target_permille" = ""; // what a target of this device is told in

  constructor(private readonly name: string, private readonly context: Context) {
    this.target = this.form();
    for (const [value, label] of this.spans()) this.held.add(new Option(label, value));
    this.element = h("div", { class: "control" }, this.set, this.note, this.target);
  }

  /** How long the next mode holds; stands with the details. */
  span(): HTMLElement {
    return this.spanLabel;
  }

  show(device: Shown): void {
    const session = this.context.session;
    const modes = device.ability?.modes ?? [];
    this.wanted(device);
    const can = device.settings !== undefined && session.state !== "absent" && session.state !== "asking" && modes.length > 0;
    hide(this.set, !can);
    if (can && this.modes !== modes.join()) this.build(modes);
    const now = device.decision?.mode ?? "";
    if (Date.now() > this.wantedUntil) for (const [mode, radio] of this.radios) radio.checked = mode === now;
    mark(this.set, "data-may", session.state === "out" || session.maySet());
    hide(this.spanLabel, !can || !session.maySet());
    for (const radio of this.radios.values()) radio.disabled = session.state === "in" && !session.maySet();
    mark(this.set, "title", session.state === "in" && !session.maySet() ? words.command.mayNot : null);
    text(this.note, this.said(device, can));
    hide(this.note, !this.note.textContent);
  }

  /** A battery that tells its charge is told a charge, all else an energy. */
  private wanted({ settings, state }: Shown): void {
    const level = settings?.target_permille !== undefined && (settings.target_wh === undefined || state.soc_permille !== null);
    const wants = level ? "target_permille" : settings?.target_wh !== undefined ? "target_wh" : "";
    if (wants === this.wants) return;
    this.wants = wants;
    text(this.energyName, level ? words.command.level : words.command.energy);
    text(this.energyUnit, level ? " %" : " kWh");
    this.energy.max = level ? "100" : "200";
    this.energy.value = String(level ? LEVEL_PERCENT : ENERGY_KWH);
  }

  private said({ settings, decision }: Shown, can: boolean): string {
    const out = can || !decision ? [] : [words.mode[decision.mode] ?? decision.mode];
    if (settings?.mode_until_s) out.push(words.command.until(moment(settings.mode_until_s * 1000)));
    if (settings?.target_wh && settings.target_wh_until_s) {
      out.push(words.command.planned(watthours(settings.target_wh), moment(settings.target_wh_until_s * 1000)));
    }
    if (settings?.target_permille && settings.target_permille_until_s) {
      out.push(words.command.planned(percent(settings.target_permille), moment(settings.target_permille_until_s * 1000)));
    }
    return out.join(", ");
  }

  private build(modes: string[]): void {
    this.modes = modes.join();
    this.radios.clear();
    const labels = modes.map((mode) => {
      const radio = h("input", { type: "radio", name: `mode-${this.name}`, value: mode });
      radio.addEventListener("change", () => this.chosen(mode));
      this.radios.set(mode, radio);
      return h("label", { title: words.modeHelp[mode] ?? "" }, radio, h("span", {}, words.mode[mode] ?? mode));
    });
    this.set.replaceChildren(h("legend", { class: "sr" }, words.modeOf(title(this.name))), ...labels);
  }

  private chosen(mode: string): void {
    if (!this.allowed()) return;
    const asks = mode === "target" && this.wants !== "";
    hide(this.target, !asks);
    this.wantedUntil = Date.now() + (asks ? ASKING_MS : SETTLE_MS);
    if (asks) {
      this.by.value = local(nextDeparture());
      this.energy.focus();
    } else {
      void this.send("mode", mode, this.forS(), words.mode[mode] ?? mode);
    }
  }

  private allowed(): boolean {
    if (this.context.session.maySet()) return true;
    this.wantedUntil = 0;
    if (this.context.session.state === "out") go("login");
    else this.context.say(words.command.mayNot, true);
    return false;
  }

  private form(): HTMLFormElement {
    const cancel = h("button", { type: "button", class: "plain" }, words.command.cancel);
    const form = h("form", { class: "target", hidden: "" },
      h("label", {}, this.energyName, h("span", { class: "unit" }, this.energy, this.energyUnit)),
      h("label", {}, words.command.by, this.by),
      h("span", { class: "buttons" }, h("button", { class: "main" }, words.command.plan), cancel));
    cancel.addEventListener("click", () => this.folded());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.plan();
    });
    return form;
  }

  private folded(): void {
    hide(this.target, true);
    this.wantedUntil = 0;
  }

  private async plan(): Promise<void> {
    const forS = Math.round((new Date(this.by.value).getTime() - Date.now()) / 1000);
    if (!(forS > 0 && forS <= MOST_TARGET_S)) {
      this.context.say(words.command.past, true);
      return;
    }
    const level = this.wants === "target_permille", value = Math.round(this.energy.valueAsNumber * (level ? 10 : 1000));
    const what = words.command.planned(level ? percent(value) : watthours(value), moment(Date.now() + forS * 1000));
    if (await this.send(this.wants, value, forS, what) && await this.send("mode", "target", forS, what)) this.folded();
    this.wantedUntil = Date.now() + SETTLE_MS;
  }

  private async send(what: string, value: string | number, forS: number | undefined, said: string): Promise<boolean> {
    const slug = this.context.house()?.slug ?? "";
    mark(this.set, "aria-busy", true);
    const result = await this.context.session.set(slug, this.name, what, value, forS);
    mark(this.set, "aria-busy", null);
    if (!result.ok) {
      this.wantedUntil = 0;
      this.context.say(result.why ? words.command.refused(result.why) : words.command.failed, true);
    } else {
      this.context.say(`${title(this.name)}: ${words.command.done(said)}`);
    }
    return result.ok;
  }

  private spans(): [string, string][] {
    return [["", words.command.always], ["1", words.command.hours(1)], ["4", words.command.hours(4)], ["12", words.command.hours(12)],
      ["midnight", words.command.midnight]];
  }

  private forS(): number | undefined {
    if (!this.held.value) return undefined;
    if (this.held.value !== "midnight") return Number(this.held.value) * HOUR_S;
    return Math.max(60, Math.round((new Date().setHours(24, 0, 0, 0) - Date.now()) / 1000));
  }
}

function nextDeparture(): Date {
  const at = new Date();
  at.setHours(DEPARTURE_HOUR, 0, 0, 0);
  if (at.getTime() < Date.now() + HOUR_S * 1000) at.setDate(at.getDate() + 1);
  return at;
}

function local(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
