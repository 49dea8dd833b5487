import type { Feed, Link } from "./feed";
import type { House } from "./house";
import type { Session } from "./session";

/** What every view is given. */
export interface Context {
  feed: Feed;
  session: Session;
  house(): House | undefined;
  link(): Link;
  /** A short message to the person, read aloud too. */
  say(words: string, bad?: boolean): void;
}

/** A view is made when it is gone to; `update` follows the feed, `close` lets go of what it holds. */
export interface View {
  element: HTMLElement;
  update(): void;
  close?(): void;
}
