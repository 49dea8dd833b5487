// Where the reader is: #view?key=value. The address alone brings the same view back.
export const VIEWS = ["now", "curves", "health", "decisions", "setup"] as const;
export type ViewName = (typeof VIEWS)[number] | "login";

export interface Route {
  view: ViewName;
  params: URLSearchParams;
}

export function route(): Route {
  const [view = "", search = ""] = location.hash.slice(1).split("?");
  const known = [...VIEWS, "login"].find((name) => name === view) as ViewName | undefined;
  return { view: known ?? "now", params: new URLSearchParams(search) };
}

/** Keeps the house that is being looked at. */
export function hash(view: ViewName, values: Record<string, string | number> = {}): string {
  const params = new URLSearchParams();
  const site = route().params.get("site");
  if (site) params.set("site", site);
  for (const [key, value] of Object.entries(values)) params.set(key, String(value));
  const search = params.toString();
  return `#${view}${search ? "?" + search : ""}`;
}

/** `quietly`: the address follows, the view stays. */
export function go(view: ViewName, values: Record<string, string | number> = {}, quietly = false): void {
  if (quietly) history.replaceState(null, "", hash(view, values));
  else location.hash = hash(view, values);
}
