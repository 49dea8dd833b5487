import type { Trouble } from "../alarms";
import { h, hide } from "../dom";

/** Only touched when something changed: a screen reader reads what is new. */
export function drawTroubles(box: HTMLElement, found: Trouble[]): void {
  const said = JSON.stringify(found);
  if (box.dataset["said"] === said) return;
  box.dataset["said"] = said;
  hide(box, !found.length);
  box.replaceChildren(...found.map(({ grave, what, means, then }) => h("p", { class: grave ? "alarm bad" : "alarm" },
    h("strong", {}, what), " ", [means, then].filter(Boolean).join(" "))));
}
