// Who is logged in, and setting things in their name. Where the server knows no accounts, nothing can be set here.
import { ask, asksIf, of, problem } from "./api";

export interface Who {
  user: string;
  role: string;
  csrf: string;
}
/** absent: this server has no accounts; out: nobody is logged in. */
export type SessionState = "asking" | "absent" | "out" | "in";

export interface Result {
  ok: boolean;
  why?: string;
  value?: string | number;
  until_s?: number | null;
}

const SETTERS = ["owner", "installer"];
const KNOWN_MS = 1_000; // who has just been told who they are is not asked again

export class Session {
  state: SessionState = "asking";
  who: Who | null = null;
  private toldAt = 0;
  private leaving: Promise<boolean> | null = null;
  private guests: string | null = null; // what who has not logged in may, null for nothing

  constructor(private readonly changed: () => void) {}

  /** Whether there was an answer; without one what was known still holds. */
  async refresh(): Promise<boolean> {
    const answer = await ask<{ user: string | null; role: string | null; csrf: string | null }>("api/v1/session");
    if (answer.status === 0) return false;
    this.toldAt = Date.now();
    const { user = null, role = null, csrf = null } = answer.value ?? {};
    if (user && role) {
      this.who = { user, role, csrf: csrf ?? "" };
      this.state = "in";
    } else {
      this.who = null;
      this.guests = role;
      this.state = answer.status === 204 || answer.status === 404 ? "absent" : "out";
    }
    if (!this.leaving) asksIf(Promise.resolve(!this.locked()));
    this.changed();
    return true;
  }

  /** Whether anything is told here. Who was logged in is asked for first: a session that has ended is no error, and
   * whoever is not told who they are is told nothing else either, and asks again. */
  may(anew = false): Promise<boolean> {
    if (this.leaving) return this.leaving;
    const known = this.state !== "in" || (!anew && Date.now() - this.toldAt < KNOWN_MS);
    const told = known ? Promise.resolve(true) : this.refresh();
    asksIf(told.then(() => !this.locked()));
    return told.then((answered) => answered && !this.locked());
  }

  /** Somebody else than was thought: a session that ended, or began in another window, between two questions. */
  isToldAs(name: string): void {
    if (this.state !== "asking" && name !== (this.who?.user ?? "")) void this.refresh();
  }

  /** "" when that went well, else the status as a word of `signIn`. */
  async login(user: string, password: string): Promise<"" | "wrong" | "wait" | "failed"> {
    const answer = await ask<Who>("api/v1/login", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user, password }),
    });
    if (answer.status === 200 || answer.status === 204) {
      await this.refresh();
      return this.who ? "" : "failed";
    }
    return answer.status === 429 ? "wait" : answer.status === 0 || answer.status >= 500 ? "failed" : "wrong";
  }

  async logout(): Promise<void> {
    this.leaving = this.leave();
    asksIf(this.leaving);
    const may = await this.leaving;
    this.leaving = null;
    asksIf(Promise.resolve(may));
  }

  private async leave(): Promise<boolean> {
    await ask("api/v1/logout", { method: "POST", headers: this.proof() });
    this.who = null;
    this.state = "out";
    await this.refresh();
    return !this.locked();
  }

  /** Nothing is shown to who has not logged in. */
  locked(): boolean {
    return this.state === "out" && this.guests === null;
  }

  maySet(): boolean {
    return this.who !== null && SETTERS.includes(this.who.role);
  }

  /** Sets one thing of a device, or of the house (`site`). A `Result` without `why` and not ok: no answer. */
  async set(slug: string, device: string, what: string, value: string | number, for_s?: number): Promise<Result> {
    const answer = await ask<Result>(of(slug, `devices/${encodeURIComponent(device)}/set/${what}`), {
      method: "POST", headers: { "content-type": "application/json", ...this.proof() },
      body: JSON.stringify(for_s === undefined ? { value } : { value, for_s }),
    });
    if (answer.status === 401) void this.refresh();
    if (answer.value?.ok) return answer.value;
    const why = problem(answer.value) || answer.why;
    return { ok: false, ...(why ? { why } : {}) };
  }

  private proof(): Record<string, string> {
    return this.who ? { "x-csrf-token": this.who.csrf } : {};
  }
}
