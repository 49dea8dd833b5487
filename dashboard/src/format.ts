// Numbers and times as a person of this language reads them.
import { language } from "./settings";
import { de } from "./words_de";
import { houseNow } from "./time";
import { en, type Words } from "./words_en";

export const words: Words = language === "de" ? de : en;

const locale = words.lang === "de" ? "de-DE" : "en-GB";
const numbers = [0, 1, 2].map((digits) => new Intl.NumberFormat(locale, {
  minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative",
}));
const NONE = "–";

export function number(value: number, digits: 0 | 1 | 2 = 0): string {
  return (numbers[digits]?.format(value) ?? "").replace("-", "−");
}

export function watts(w: number | null | undefined): string {
  if (w == null) return NONE;
  if (Math.abs(w) < 1000) return number(w) + " W";
  return number(w / 1000, Math.abs(w) < 9995 ? 2 : 1) + " kW";
}

export const roughly = (w: number): string => watts(w < 1000 ? Math.round(w / 10) * 10 : w); // sentences stand still
export const watthours = (wh: number | null | undefined): string =>
  wh == null ? NONE : number(wh / 1000, Math.abs(wh) < 99_950 ? 1 : 0) + " kWh";
export const amps = (ma: number | null | undefined, digits: 0 | 1 = 1): string =>
  ma == null ? NONE : number(ma / 1000, digits);
export const ampere = (ma: number | null | undefined): string =>
  ma == null ? NONE : amps(ma, ma % 1000 ? 1 : 0) + " A";
export const percent = (permille: number | null | undefined): string =>
  permille == null ? NONE : number(permille / 10) + " %";
export const degrees = (mdegc: number): string => number(mdegc / 1000, 1) + " °C";
export const money = (milli: number): string => number(milli / 1000, 2) + " ct"; // of 0.001 ct
export const title = (slug: string): string => (slug.charAt(0).toUpperCase() + slug.slice(1)).replaceAll("_", " ");

export function duration(ms: number): string {
  if (ms < 60e3) return `${number(ms / 1000)} s`;
  return ms < 3600e3 ? `${number(ms / 60e3)} min` : `${number(ms / 3600e3)} h`;
}

const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const shortTime = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric" });

export const clock = (ms: number): string => time.format(ms);
export const clockShort = (ms: number): string => shortTime.format(ms);
export const dayOf = (ms: number): string => day.format(ms);
export const longDayOf = (ms: number): string => longDay.format(ms);
export const monthOf = (ms: number): string => month.format(ms);

/** 07:00, or Sat 22 Nov 07:00 when that is not today. */
export function moment(ms: number): string {
  const today = new Date(houseNow()).toDateString() === new Date(ms).toDateString();
  return today ? clockShort(ms) : `${dayOf(ms)} ${clockShort(ms)}`;
}

/** The reason as the page's language has it. */
export const because = (said: { why: string; why_de?: string }): string =>
  (words.lang === "de" && said.why_de ? said.why_de : said.why).replace(/^-(?=\d)/, "−");
