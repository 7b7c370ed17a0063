import { ApiError, asApiError } from "../api/error";
import type { Done, Queue, QueuesApi } from "../api/queues";
import { keepDraft, readDraft } from "../review/drafts";
import { type Form, isBlank, readForm, sameForm } from "./form";
import { type Action, around, begin, type Entry, type Outgoing, onScreen, reduce, type Session } from "./session";

/** Whether what was typed about the item on the screen is stored: on the server, only in this browser, or not yet. */
export type Saved = "saved" | "saving" | "here";

export interface DeskState {
  session: Session;
  saved: Saved;
  /** Why nothing can be reviewed here at all. */
  fault: ApiError | undefined;
}

const PAUSE = 700;
const SLOWEST = 15_000;
/** How soon after something was heard the queue is looked at: much of it is heard at once. */
const SOON = 1000;
const LOOK_AGAIN = 15_000;
/** Coming back within this time is not leaving. */
const LEAVING = 300;

const mayWorkLater = (error: ApiError) => error.offline || error.status === 429 || error.status >= 500;
const place = (queue: string, item: string) => `queue ${queue} ${item}`;

export function readLocal(queue: string, item: string): Form | undefined {
  try {
    return readForm(JSON.parse(readDraft(place(queue, item)) ?? "null"));
  } catch {
    return undefined;
  }
}

/** What was submitted and changed afterwards in this browser. */
export const changedHere = (queue: string, done: readonly Done[]): Done[] =>
  done.filter(({ item_id, state }) => state === "submitted" && readLocal(queue, item_id) !== undefined);

/** Where a session meets the server: sends what the reducer put into the outbox, keeps drafts, holds the lease. */
export class Desk {
  state: DeskState;
  private watchers = new Set<() => void>();
  private timers = new Map<string, ReturnType<typeof setTimeout>>();
  private failures = 0;
  private running = false;
  private looked = { item: "", since: 0 };
  private active = new Map<string, number>();
  /** Seconds that were known of an item when it was first counted here: what the server says later has ours in it. */
  private before = new Map<string, number>();
  private loading = new Set<string>();

  constructor(
    private readonly api: QueuesApi,
    private readonly queue: Pick<Queue, "id" | "correction" | "lease_seconds" | "overlap">,
  ) {
    this.state = { session: begin(queue.correction, queue.overlap), saved: "saved", fault: undefined };
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  read = (): DeskState => this.state;

  start = (): (() => void) => {
    clearTimeout(this.timers.get("leave"));
    this.running = true;
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.count);
    this.beat();
    this.pump();
    void this.api.mine(this.queue.id, 200).then(
      ({ data }) => {
        this.act({ do: "remember", done: data });
        // What was changed and not submitted, on an earlier visit, is to be seen from here.
        for (const { item_id: id } of changedHere(this.queue.id, data)) void this.load(id);
      },
      () => {},
    );
    return () => {
      window.removeEventListener("online", this.hurry);
      document.removeEventListener("visibilitychange", this.count);
      this.after("leave", LEAVING, () => this.leave());
    };
  };

  act = (action: Action): void => {
    const before = this.state.session;
    const session = reduce(before, action);
    if (session === before) return;
    this.put({ session });
    if (session.current !== before.current) {
      this.count();
      this.put({ saved: "saved" });
      void this.renew();
    }
    const entry = onScreen(session);
    const was = entry && before.entries[entry.id];
    if (entry && was && !sameForm(was.form, entry.form)) this.typed(entry);
    // A flag counts at once, whatever becomes of the item; it is in the draft, too.
    if (action.do === "flag" && entry) void this.api.flag(this.queue.id, entry.id, entry.form.flagged).catch(() => {});
    this.pump();
  };

  /** Asks for an item whose lease ran out again; tells whether it came back. */
  again = async (item: string): Promise<boolean> => {
    const { items, progress, waiting } = await this.api.claim(this.queue.id);
    this.act({ do: "claimed", items, progress, waiting, drafts: {} });
    return !this.state.session.entries[item]?.lost;
  };

  /** Looks whether there is something to do by now. */
  look = (): void => this.act({ do: "look again" });

  /** Something happened in the queue: how far it is, and what others said of the item on the screen, may be new. */
  hear = (): void => {
    this.look();
    if (this.timers.has("hear")) return;
    this.after("hear", SOON, () => {
      this.timers.delete("hear");
      void this.renew();
      void this.api.get(this.queue.id).then(
        ({ progress }) => this.state.session.outbox.length === 0 && this.act({ do: "counted", progress }),
        () => {},
      );
    });
  };

  /** Reads the item on the screen anew if it is done. */
  private async renew(): Promise<void> {
    const entry = onScreen(this.state.session);
    if (!entry?.review || entry.state !== "submitted") return;
    await this.api.review(this.queue.id, entry.id).then(
      (review) => this.act({ do: "renewed", review }),
      () => {},
    );
  }

  /** Why an item is complete: because of others, or because the same reviewer was quicker somewhere else. */
  private async reason(item: string, code: string): Promise<string> {
    if (code !== "item_complete" && code !== "lease_lost") return code;
    const mine = await this.api.review(this.queue.id, item).then(
      ({ seat_state }) => seat_state === "submitted",
      () => false,
    );
    return mine ? "submitted_elsewhere" : code;
  }

  /** Milliseconds the item was in sight, altogether. */
  private spent(item: string): number {
    this.count();
    const review = this.state.session.entries[item]?.review;
    if (review && !this.before.has(item)) this.before.set(item, review.seconds);
    return Math.round((this.before.get(item) ?? 0) * 1000 + (this.active.get(item) ?? 0));
  }

  private count = (): void => {
    const now = performance.now();
    const { item, since } = this.looked;
    if (item) this.active.set(item, (this.active.get(item) ?? 0) + now - since);
    this.looked = { item: document.hidden ? "" : (this.state.session.current ?? ""), since: now };
  };

  private put(to: Partial<DeskState>): void {
    this.state = { ...this.state, ...to };
    for (const watcher of this.watchers) watcher();
  }

  private after(name: string, ms: number, run: () => void): void {
    clearTimeout(this.timers.get(name));
    this.timers.set(name, setTimeout(run, ms));
  }

  private pump(): void {
    const { session, fault } = this.state;
    if (fault) return;
    const [first] = session.outbox;
    if (first && !session.flying && !this.timers.has("retry")) void this.send(first);
    if (session.claim === "due" && !first && this.running) void this.claim();
    const entry = onScreen(session);
    if (session.current && !entry?.review) void this.load(session.current);
    const { before } = around(session);
    // The way back is as quick as the way on.
    if (before && entry?.review && this.running) void this.load(before);
  }

  private async claim(): Promise<void> {
    this.act({ do: "asked" });
    try {
      const { items, progress, waiting } = await this.api.claim(this.queue.id);
      this.failures = 0;
      this.act({ do: "claimed", items, progress, waiting, drafts: this.locals(items.map(({ item }) => item.id)) });
      if (items.length === 0) this.after("look", LOOK_AGAIN, this.look);
    } catch (cause) {
      const error = asApiError(cause);
      if (!mayWorkLater(error)) return this.put({ fault: error });
      this.act({ do: "offline", is: true });
      this.after("claim", this.wait(), () => void this.claim());
    }
  }

  private locals(ids: string[]): Record<string, Form> {
    const found = ids.flatMap((id) => {
      const form = readLocal(this.queue.id, id);
      return form ? [[id, form] as const] : [];
    });
    return Object.fromEntries(found);
  }

  private wait(): number {
    this.failures += 1;
    return Math.min(SLOWEST, 500 * 2 ** Math.min(this.failures, 6));
  }

  private hurry = (): void => {
    const { session } = this.state;
    if (!session.offline) return;
    this.failures = 0;
    clearTimeout(this.timers.get("retry"));
    this.timers.delete("retry");
    if (session.claim === "asked" && session.current === undefined) {
      clearTimeout(this.timers.get("claim"));
      void this.claim();
    }
    this.pump();
  };

  private call(one: Outgoing) {
    const { api, queue } = this;
    switch (one.kind) {
      case "submit":
        return api.submit(queue.id, one.item, { ...one.body, active_ms: this.spent(one.item) });
      case "skip":
        return api.skip(queue.id, one.item, this.spent(one.item));
      case "decline":
        return api.decline(queue.id, one.item, one.reason);
      case "undo":
        return api.undo(queue.id, one.item);
    }
  }

  private async send(one: Outgoing): Promise<void> {
    this.act({ do: "flying", id: one.id });
    clearTimeout(this.timers.get(`draft ${one.item}`));
    this.timers.delete(`draft ${one.item}`);
    try {
      const { items, progress } = await this.call(one);
      this.failures = 0;
      // Until it is stored there, what was typed stays here.
      const later = this.state.session.outbox.some((other) => other.item === one.item && other.id !== one.id);
      if (one.kind !== "undo" && !later) keepDraft(place(this.queue.id, one.item), undefined);
      this.act({ do: "sent", id: one.id, items, progress, drafts: this.locals(items.map(({ item }) => item.id)) });
    } catch (cause) {
      const error = asApiError(cause);
      if (mayWorkLater(error)) {
        this.after("retry", this.wait(), () => {
          this.timers.delete("retry");
          this.pump();
        });
        this.act({ do: "offline", is: true });
      } else if (error.status === 401) this.put({ fault: error });
      else {
        const code = await this.reason(one.item, error.code);
        this.act({ do: "refused", id: one.id, code, message: error.message, field: error.field });
      }
    }
  }

  private async load(item: string): Promise<void> {
    if (this.loading.has(item) || this.state.session.entries[item]?.review) return;
    this.loading.add(item);
    try {
      const review = await this.api.review(this.queue.id, item);
      this.act({ do: "loaded", review, draft: readLocal(this.queue.id, item) });
    } catch (cause) {
      const { code, message, status } = asApiError(cause);
      if (this.state.session.current !== item) return;
      if (status >= 400 && status < 500) this.act({ do: "lost", item, code, message });
      else this.after("load", this.wait(), () => this.pump());
    } finally {
      this.loading.delete(item);
    }
  }

  private typed({ id: item, state, form, sent }: Entry): void {
    // A change that was taken back is none.
    const nothing = state === "submitted" ? sameForm(form, sent) : isBlank(form);
    keepDraft(place(this.queue.id, item), nothing ? undefined : JSON.stringify(form));
    this.put({ saved: "saving" });
    this.after(`draft ${item}`, PAUSE, () => void this.keep(item));
  }

  private async keep(item: string): Promise<void> {
    this.timers.delete(`draft ${item}`);
    const entry = this.state.session.entries[item];
    if (!entry || this.state.session.outbox.some((one) => one.item === item)) return;
    try {
      await this.api.keepDraft(this.queue.id, item, entry.form, this.spent(item));
      const now = this.state.session.entries[item];
      if (now && sameForm(now.form, entry.form)) this.put({ saved: "saved" });
    } catch (cause) {
      this.put({ saved: "here" });
      if (mayWorkLater(asApiError(cause))) this.after(`draft ${item}`, this.wait(), () => void this.keep(item));
    }
  }

  /** Holds what is on the screen for as long as it is there. */
  private beat = (): void => {
    const every = Math.min(60, Math.max(5, this.queue.lease_seconds / 3)) * 1000;
    this.after("beat", every, this.beat);
    const entry = onScreen(this.state.session);
    if (!entry?.review || entry.state !== "open" || entry.lost || document.hidden) return;
    if (this.state.session.outbox.length > 0) return;
    this.api.heartbeat(this.queue.id, entry.id, this.spent(entry.id)).then(
      () => this.state.session.offline && this.act({ do: "offline", is: false }),
      async (cause) => {
        const { status, code, message } = asApiError(cause);
        if (status === 409 || status === 404)
          this.act({ do: "lost", item: entry.id, code: await this.reason(entry.id, code), message });
      },
    );
  };

  private leave(): void {
    if (this.state.session.outbox.length > 0 && !this.state.fault) {
      // What was submitted goes out before the place is given up.
      this.after("leave", 500, () => this.leave());
      return;
    }
    this.running = false;
    const typed = Object.keys(this.state.session.entries).filter((item) => this.timers.has(`draft ${item}`));
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    // The last words are kept before the place is given up.
    void Promise.all(typed.map((item) => this.keep(item)))
      .then(() => this.api.release(this.queue.id))
      .catch(() => {});
  }
}

/** An error of the session that ended, as opposed to one of the queue. */
export const isSignedOut = (fault: unknown): boolean => fault instanceof ApiError && fault.status === 401;
