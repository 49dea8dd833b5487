// The frame: name, views, the lamp of the connection, alarms; and which view is looked at.
import "./style/base.css";
import "./style/frame.css";
import "./style/now.css";
import "./style/views.css";
import { troubles } from "./alarms";
import type { Context, View } from "./context";
import { h, hide, mark, text } from "./dom";
import { Feed, type Link } from "./feed";
import { clock, words } from "./format";
import { icon } from "./icons";
import { drawTroubles } from "./parts/troubles";
import { go, hash, route, VIEWS, type ViewName } from "./route";
import { Session } from "./session";
import { inHouse } from "./time";
import { choose, type Colours, colours, keep, paint } from "./settings";
import { decisions } from "./views/decisions";
import { health } from "./views/health";
import { login } from "./views/login";
import { now } from "./views/now";
import { setup } from "./views/setup";

const SAY_MS = 6_000;
const name = h("h1", { id: "name" }, "Hutschiene");
const sites = h("select", { id: "sites", "aria-label": words.site, hidden: "" });
const lamp = h("p", { id: "link", role: "status" });
const banner = h("div", { id: "banner", role: "alert", hidden: "" });
const alarms = h("section", { id: "alarms", "aria-live": "polite", "aria-label": words.health.alarms, hidden: "" });
const place = h("div", { id: "view" });
const toast = h("div", { id: "toast", role: "status" });
const links = VIEWS.map((view) => h("a", { href: hash(view), "data-view": view }, icon(view), h("span", {}, words.views[view])));
const accountName = h("span", { class: "who" }), accountDoes = h("span");
const account = h("a", { id: "account", href: hash("login"), hidden: "" }, accountName, accountDoes);
const main = h("main", { id: "main", tabindex: -1 }, banner, alarms, place);

let view: View | null = null;
let shown = "";
let due = false;
let sayUntil = 0;

const feed = new Feed(soon, () => void session.refresh(), (name) => session.isToldAs(name), (anew) => session.may(anew));
const session = new Session(() => {
  if (session.locked()) {
    feed.forget();
    go("login");
  }
  soon();
});
const context: Context = {
  feed, session,
  house: () => feed.houses.get(sites.value) ?? feed.houses.values().next().value,
  link: () => feed.link(context.house()),
  say: (said, bad = false) => {
    text(toast, said);
    mark(toast, "class", bad ? "bad shown" : "shown");
    sayUntil = Date.now() + SAY_MS;
  },
};

async function made(wanted: ViewName, from: string): Promise<View> {
  switch (wanted) {
    case "now": return now(context);
    case "curves": return (await import("./views/curves")).curves(context);
    case "health": return health(context);
    case "decisions": return decisions(context);
    case "setup": return setup(context);
    case "login": return login(context, from && !from.startsWith("login") ? "#" + from : hash("now"));
  }
}

async function enter(): Promise<void> {
  const { view: wanted, params } = route();
  const key = `${wanted}?${params.toString()}`;
  if (key === shown) return;
  const moved = shown !== "", from = shown;
  shown = key;
  const site = params.get("site");
  if (site && feed.houses.has(site)) sites.value = site;
  const next = await made(wanted, from);
  if (shown !== key) return next.close?.();
  view?.close?.();
  view = next;
  place.replaceChildren(next.element);
  for (const link of links) {
    mark(link, "href", hash(link.dataset["view"] as ViewName));
    mark(link, "aria-current", link.dataset["view"] === wanted ? "page" : null);
  }
  document.body.dataset["view"] = wanted;
  if (moved) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  draw();
}

function soon(): void {
  if (!due) requestAnimationFrame(draw);
  due = true;
}

function draw(): void {
  due = false;
  const house = context.house(), link = context.link();
  mark(document.body, "data-link", link);
  text(lamp, words.link[link]);
  drawBanner();
  drawSites();
  drawAccount();
  if (Date.now() > sayUntil) mark(toast, "class", "");
  if (house?.state) {
    text(name, house.state.name);
    if (document.title !== house.state.name) document.title = house.state.name;
  }
  drawTroubles(alarms, !house?.state || route().view === "health" ? [] : troubles(house));
  view?.update();
}

function drawBanner(): void {
  const house = context.house(), link = context.link();
  const since = house?.newestAt ? clock(inHouse(house.newestAt)) : "";
  const said = session.locked() ? words.signIn.needed : saying(link, since);
  text(banner, said);
  hide(banner, !said);
}

function saying(link: Link, since: string): string {
  switch (link) {
    case "live": return "";
    case "offline": return words.banner.offline;
    case "stale": return words.banner.stale(since);
    case "cut": return words.banner.cut(feed.cut, since);
    case "lost": return since ? words.banner.lost(since) : words.banner.never;
    case "waiting": return feed.heardAt ? words.banner.empty : "";
  }
}

function drawSites(): void {
  const slugs = [...feed.houses.keys()].sort();
  if (slugs.join() !== [...sites.options].map((option) => option.value).join()) {
    const chosen = sites.value || route().params.get("site") || "";
    sites.replaceChildren(...slugs.map((slug) => new Option(feed.houses.get(slug)?.state?.name ?? slug, slug)));
    sites.value = slugs.includes(chosen) ? chosen : slugs[0] ?? "";
    const wanted = route().params.get("site");
    if (wanted && slugs.includes(wanted)) sites.value = wanted;
  }
  for (const option of sites.options) text(option, feed.houses.get(option.value)?.state?.name ?? option.value);
  hide(sites, slugs.length < 2);
}

function drawAccount(): void {
  hide(account, session.state === "absent" || session.state === "asking");
  const who = session.who;
  text(accountName, who ? who.user + ": " : "");
  text(accountDoes, who ? words.logout.toLowerCase() : words.login);
  mark(account, "href", who ? "#" : hash("login"));
  mark(account, "title", who ? words.signIn.roles[who.role] ?? who.role : null);
}

function frame(): void {
  const skip = h("button", { class: "skip", type: "button" }, words.skip);
  skip.addEventListener("click", () => main.focus());
  const language = h("button", { type: "button", class: "small", lang: words.lang === "en" ? "de" : "en", title: words.languageHelp, "aria-label": words.languageHelp }, words.language);
  language.addEventListener("click", () => {
    keep("language", words.lang === "en" ? "de" : "en");
    location.reload();
  });
  const theme = h("button", { type: "button", class: "small" }, icon("sun"));
  const label = (): void => {
    mark(theme, "aria-label", words.colours[colours()]);
    mark(theme, "title", words.colours[colours()]);
  };
  theme.addEventListener("click", () => {
    const order: Colours[] = ["auto", "light", "dark"];
    choose(order[(order.indexOf(colours()) + 1) % order.length] ?? "auto");
    label();
  });
  label();
  account.addEventListener("click", (event) => {
    if (!session.who) return;
    event.preventDefault();
    void session.logout().then(() => feed.connect());
  });
  document.documentElement.lang = words.lang;
  document.body.replaceChildren(skip, h("header", {}, name, sites, h("nav", { "aria-label": words.menu }, ...links), h("div", { class: "end" }, lamp, account, language, theme)), main, toast);
}

frame();
paint(() => {
  shown = ""; // a canvas knows its colours only when it is made
  void enter();
});
sites.addEventListener("change", () => {
  const { view: wanted } = route();
  location.hash = `#${wanted}?site=${encodeURIComponent(sites.value)}`;
});
addEventListener("hashchange", () => void enter());
void session.refresh().then(() => feed.start());
void enter();
