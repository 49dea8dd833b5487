// Every word and number format of the page. German: a second table, chosen by navigator.language.
const en = {
  lang: "en",
  devices: "What runs, and why",
  fuses: "Fuses",
  health: "Meters and lines",
  legend: { measured: "flows now", reserved: "may flow with what is granted", back: "flows out", rated: "rated" },
  link: {
    waiting: "Connecting", live: "Live", stale: "Not live", lost: "No connection", offline: "Switched off",
  },
  banner: {
    lost: (since) => `No connection to the house. Everything below is as it was at ${since}, not live.`,
    stale: (since) => `The energy manager has not reported since ${since}. Everything below is old.`,
    offline: () => "The energy manager is switched off or has lost its broker. Everything below is old; devices "
      + "have gone to their own fallback.",
  },
  place: { pv: "Roof", grid: "Grid", storage: "Battery", house: "House", cars: "Car", heat: "Heating" },
  sold: "exported", bought: "imported",
  kind: {
    meter: "Meter", source: "Generation", sensor: "Sub-meter", wallbox: "Wallbox", heater: "Heating rod", stages: "Switched load",
    storage: "Battery",
  },
  mode: { off: "Off", fast: "Fast", surplus: "Surplus", minimum: "Minimum + surplus" },
  modeHelp: {
    off: "gets nothing", fast: "as much as the fuses allow", surplus: "only what would be exported",
    minimum: "lowest current always, surplus above it",
  },
  car: { A: "no car", B: "car waiting", C: "charging", D: "charging", E: "wallbox fault", F: "wallbox fault" },
  draws: "Draws", gives: "Gives", mayDraw: "May draw", mayGive: "May give", wants: "Asked for", total: "In all", why: "Why",
  full: "full",
  rated: (a) => `${a} A a phase`, behind: (node) => `behind ${node}`, estimated: "no meter: estimated",
  doubted: "meter not believed",
  of: (now, most) => `${now} of ${most} A`,
  back: (names) => `holds back ${names}`,
  headline: {
    blind: "The grid meter is not believed: loads are held at a safe level",
    out: (w) => `${w} left over, sent to the grid`,
    in: (w) => `${w} drawn from the grid`,
    even: "Nothing from the grid, nothing wasted",
  },
  balance: {
    sun: (w) => `The roof makes ${w}`, dark: "The roof makes nothing",
    gives: (w) => `the battery gives ${w}`, takes: (w) => `the battery stores ${w}`,
    house: (w) => `the house uses ${w}`, cars: (w) => `charging takes ${w}`, heat: (w) => `heating takes ${w}`,
  },
  alarm: {
    stale: (name, ago) => `${name} ${ago}`,
    held: "Until it answers, the most it may be drawing is kept free.",
    blind: "Until it is believed again, loads are held at a safe level.",
    write: (name) => `${name} did not take its limit`,
    locked: (name) => `${name} is locked`,
    lockedIs: "It tells whole kilowatt-hours and no power, which nothing can be controlled by.",
    lockedDo: "Ask the metering operator for its PIN, enter it at the meter, and set INF on.",
    broker: "No connection to the MQTT broker",
    brokerDo: "The house goes on by itself. Check that the broker runs and that address and password are right.",
    journal: (fault) => `Nothing is recorded: ${fault}`,
    journalDo: "The house goes on by itself. Make room on the disk, or check who may write there.",
  },
  what: {
    timeout: "Check its power and its cable.",
    frame: "Its answers arrive damaged: check shield and termination, and that no other master polls this line.",
    refused: "It says no: check that remote control is allowed in its menu and that nobody else controls it.",
    range: "It reports what cannot be: check wiring and direction of its current transformers.",
  },
  fault: { timeout: "no answer", frame: "damaged answers", refused: "refuses", range: "impossible values" },
  age: {
    live: "live", never: "never heard", ago: (t) => `${t} ago`, silent: (t) => `silent for over ${t}`,
    doubted: "not believed",
  },
  line: (name) => `Line ${name}`,
  errors: (n, of) => (n ? `${digits[0].format(n)} of about ${digits[0].format(of)} readings failed` : "no errors"),
  broker: "MQTT broker", connected: "connected", lamp: { ok: "in order", warn: "shaky", bad: "failed" },
};

export const words = en;

const number = (digits) => new Intl.NumberFormat(words.lang, {
  minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative",
});
const digits = [number(0), number(1), number(2)];
const minus = (text) => text.replace("-", "\u2212");

export function watts(w) {
  if (w == null) return "\u2013";
  const size = Math.abs(w);
  if (size < 1000) return minus(digits[0].format(w)) + "\u00a0W";
  return minus(digits[size < 9995 ? 2 : 1].format(w / 1000)) + "\u00a0kW";
}

export const watthours = (wh) => digits[0].format(wh / 1000) + "\u00a0kWh";
export const roughly = (w) => watts(w < 1000 ? Math.round(w / 10) * 10 : w); // for sentences: they should stand still
export const amps = (ma, places = 1) => (ma == null ? "\u2013" : minus(digits[places].format(ma / 1000)));
export const grantedAmps = (ma) => amps(ma, ma % 1000 ? 1 : 0) + "\u00a0A";
export const percent = (permille) => (permille == null ? "\u2013" : digits[0].format(permille / 10) + "\u00a0%");
export const degrees = (mdegc) => (mdegc == null ? "\u2013" : minus(digits[1].format(mdegc / 1000)) + "\u00a0°C");
export const title = (slug) => slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll("_", " ");
export const clock = (ms) => new Date(ms).toLocaleTimeString(words.lang, { hour12: false });

export function duration(ms) {
  if (ms < 60e3) return `${ms / 1000}\u00a0s`;
  return ms < 3600e3 ? `${ms / 60e3}\u00a0min` : `${ms / 3600e3}\u00a0h`;
}
