// The feed: (topic, payload) pairs over server-sent events, one House a site. Never calls old values live.
import { House } from "./house";
import { language } from "./settings";

const inWords = (one: { fault: string; fault_de?: string }): string => (language === "de" && one.fault_de) || one.fault;

export type Link = "waiting" | "live" | "stale" | "lost" | "cut" | "offline";

const SILENT_MS = 2_400; // the server says something every second
const QUIET_MS = 2_400; // and so does the energy manager, unless its cycle is longer
const RETRY_MS = [500, 1_000, 2_000, 4_000];
const LOOK_MS = 250;
const HIDDEN_MS = 60_000; // nobody looks: the stream is left to others

export class Feed {
  readonly houses = new Map<string, House>();
  heardAt = 0; // anything from the server
  cut = ""; // why the server, fed by a broker, has lost it
  private source: EventSource | null = null;
  private open = false;
  private failures = 0;
  private triedAt = 0;
  private hiddenAt = 0; // 0 while somebody may look
  private turn = 0;
  private asking = false;

  /** `changed` is called when something may look different; `refused` when the server will not tell us anything; `told`
   * with the name of whom it tells, "" for a guest; when `may` says no it is not asked. */
  constructor(private readonly changed: () => void, private readonly refused: () => void, private readonly told: (name: string) => void,
    private readonly may: (anew: boolean) => Promise<boolean>) {}

  start(): void {
    this.connect();
    setInterval(() => this.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => {
      this.hiddenAt = document.hidden ? Date.now() : 0;
      this.look();
    });
    addEventListener("pagehide", () => this.rest()); // a page kept for "back" would hold one of the browser's six connections
  }

  link(house: House | undefined): Link {
    if (!this.heardAt) return "waiting";
    if (!this.open || Date.now() - this.heardAt > SILENT_MS) return "lost";
    if (this.cut) return "cut";
    if (!house) return "waiting";
    if (!house.online) return "offline";
    const quietMs = Math.max(QUIET_MS, 1_500 + 1.2 * (house.state?.cycle_ms ?? 1_000));
    return Date.now() - house.newestAt > quietMs ? "stale" : "live";
  }

  /** Anew: after a login, and when the server was silent. */
  connect(): void {
    this.source?.close();
    this.source = null;
    this.triedAt = Date.now();
    const turn = ++this.turn;
    this.asking = true; // over a slow link for longer than the pause: nobody asks again before that has an end
    void this.may(this.failures > 0).then((may) => {
      if (turn !== this.turn) return;
      this.asking = false;
      this.triedAt = Date.now();
      if (!may) this.failures += 1;
      else if (!this.hiddenLong()) this.listen();
    });
  }

  /** Nothing that was told stays here. */
  forget(): void {
    this.rest();
    this.houses.clear();
    this.heardAt = 0;
    this.cut = "";
  }

  private listen(): void {
    this.source = new EventSource("events");
    this.source.onmessage = (event: MessageEvent<string>) => {
      this.heard();
      this.take(event.data);
    };
    this.source.addEventListener("who", (event: MessageEvent<string>) => this.told(JSON.parse(event.data) as string));
    this.source.addEventListener("quiet", (event: MessageEvent<string>) => {
      this.heard();
      const at = Date.now() - Number(event.data); // what was retained is as old as the server says
      for (const house of this.houses.values()) house.newestAt = Math.min(house.newestAt, at);
    });
    this.source.onerror = () => {
      if (this.source?.readyState === EventSource.CLOSED) this.refused();
      this.source?.close();
      this.open = false;
      this.failures += 1;
      this.changed();
    };
  }

  private heard(): void {
    this.heardAt = Date.now();
    this.open = true;
    this.failures = 0;
    this.changed();
  }

  private take(data: string): void {
    const [topic, payload] = JSON.parse(data) as [string, string];
    const [root, slug, place, ...part] = topic.split("/");
    if (topic === "dashboard/broker") this.cut = inWords(JSON.parse(payload) as { fault: string; fault_de?: string });
    if (root !== "hutschiene" || !slug || !place) return;
    const house = this.houses.get(slug) ?? new House(slug);
    this.houses.set(slug, house);
    house.put(place, part.join("/"), payload);
    house.newestAt = Date.now();
  }

  private rest(): void {
    this.turn += 1;
    this.asking = false;
    this.source?.close();
    this.open = false;
  }

  private hiddenLong(): boolean {
    return this.hiddenAt > 0 && Date.now() - this.hiddenAt > HIDDEN_MS;
  }

  private look(): void {
    if (this.hiddenLong()) {
      this.rest();
      return;
    }
    const waitMs = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 4_000;
    const dead = !this.source || this.source.readyState === EventSource.CLOSED;
    const silent = Date.now() - Math.max(this.heardAt, this.triedAt) > SILENT_MS + waitMs; // a dead radio link
    if (!this.asking && (dead || silent) && Date.now() - this.triedAt > waitMs) {
      if (silent) this.failures += 1;
      this.connect();
    }
    this.changed();
  }
}
