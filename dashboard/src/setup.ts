// The configuration as the server understood it: the same facts that `hutschiene check` prints.
import { ask, of } from "./api";
import type { Context } from "./context";

export interface Facts {
  name: string;
  nodes: {
    name: string; parent: string | null; meter: string | null; rated_ma: number; continuous_ma: number; curve: string;
    rest_ma: number; max_w: number | null; imbalance_va: number | null;
  }[];
  devices: {
    name: string; kind: string; driver: string; line: string | null; unit: number | null; node: string; phases: string[];
    period_ms: number; stale_ms: number; mode: string | null; priority: number | null; current_ma: [number, number] | null;
    power_w: [number, number] | null; stages_w: number[] | null; failsafe_ms: number | null; sum: string | null;
  }[];
  lines: { name: string; kind: string; devices: string[]; [key: string]: unknown }[];
  losses: {
    meters: { meter: string; after_ms: number; nodes: { node: string; budget_ma: number[]; assumed_ma: number; loads: string[] }[] }[];
    everything: {
      devices: { device: string; failsafe_ms: number | null; words: string; words_de: string }[];
      nodes: { node: string; total_ma: number[]; rated_ma: number }[];
    };
  };
  warnings: string[];
  warnings_de: string[];
}

export interface Setup {
  version: string;
  configuration: Facts;
  missing?: string[];
  missing_de?: string[];
  parts: Record<string, Record<string, unknown> | null>;
}

/** "" where this server knows none; "401", "403" when it is not for this reader; else why not. */
export async function setupOf(context: Context): Promise<Setup | string> {
  const slug = context.house()?.slug;
  if (!slug) return "";
  const answer = await ask<Setup>(of(slug, "setup"));
  if (answer.value) return answer.value;
  return answer.status === 204 || answer.status === 404 ? "" : answer.status === 401 || answer.status === 403 ? String(answer.status) : answer.why || "–";
}
