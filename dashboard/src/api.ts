// What is asked over HTTP, beside the feed. Every wait has an end.
import { language } from "./settings";
import { told } from "./time";

export const WAIT_MS = 8_000;

const ALWAYS = ["api/v1/session", "api/v1/login", "api/v1/logout"];
let tells: Promise<boolean> = Promise.resolve(true); // whether we are told anything here: else nothing is asked in vain

export function asksIf(may: Promise<boolean>): void {
  tells = may;
}

const QUIET = { "x-problem-status": "200" }; // else a wrong password is an error in the console
const PROBLEM = "application/problem+json";

/** `status` 0: no answer at all. */
export interface Answer<T> {
  status: number;
  value: T | null;
  why: string;
}

export async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  if (!ALWAYS.includes(path) && !(await tells)) return { status: 401, value: null, why: "" };
  const askedAt = Date.now();
  try {
    const answer = await fetch(path, { credentials: "same-origin", signal: AbortSignal.timeout(WAIT_MS), ...init, headers: { ...QUIET, ...init.headers } });
    told(answer.headers.get("date"), askedAt);
    const body = (await answer.json().catch(() => null)) as unknown;
    const refused = answer.headers.get("content-type")?.startsWith(PROBLEM) ? (body as { status?: number } | null)?.status : undefined;
    const status = refused ?? answer.status;
    if (answer.ok && refused === undefined) return { status, value: body as T, why: "" };
    return { status, value: null, why: problem(body) || `${status}` };
  } catch {
    return { status: 0, value: null, why: "" };
  }
}

/** Why something is refused, in the page's language. */
export function problem(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  for (const key of [language === "de" ? "why_de" : "why", "why"]) {
    const words = (body as Record<string, unknown>)[key];
    if (typeof words === "string") return words;
  }
  return "";
}

export const of = (slug: string, rest: string): string => `api/v1/sites/${encodeURIComponent(slug)}/${rest}`;

export function query(values: Record<string, string | number | undefined>): string {
  const parts = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return parts.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join("&");
}
