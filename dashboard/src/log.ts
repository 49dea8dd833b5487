// The log of decisions: asked of the server, or what this page has heard itself where the server keeps none.
import { ask, of, query } from "./api";
import type { Entry, House } from "./house";

export interface Wanted {
  from: number; // s
  to: number;
  device: string;
  q: string;
}

export interface Found {
  entries: Entry[];
  here: boolean; // only what this page has heard
  why: string;
}

export async function decisions(house: House, wanted: Wanted): Promise<Found> {
  const answer = await ask<Entry[] | { decisions: Entry[] }>(of(house.slug, "decisions?" + query({
    from: Math.floor(wanted.from), to: Math.ceil(wanted.to), device: wanted.device, q: wanted.q,
  })));
  if (answer.value) return { entries: Array.isArray(answer.value) ? answer.value : answer.value.decisions, here: false, why: "" };
  if (answer.status !== 204 && answer.status !== 404) return { entries: [], here: false, why: answer.why || "–" };
  const q = wanted.q.toLowerCase();
  return { here: true, why: "", entries: house.log.filter((entry) => entry.t_s >= wanted.from && entry.t_s <= wanted.to
    && (!wanted.device || entry.device === wanted.device)
    && (!q || `${entry.device} ${entry.why} ${entry.why_de}`.toLowerCase().includes(q))) };
}
