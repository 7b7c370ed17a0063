import { openStream } from "../api/client";
import { asApiError } from "../api/error";
import { messagesOf } from "../api/stream";

/** One thing that happened in the project. */
export interface Happened {
  type: string;
  trace_id?: string;
  span_id?: string;
}

export interface Changes {
  /** What happened, by id; not all of it when much did. */
  events: Happened[];
  /** How much happened, by type. */
  counts: Record<string, number>;
  /** Something was missed: whatever is shown may be old. */
  missed: boolean;
}

type Listener = (changes: Changes) => void;

/** The server says something every 15 seconds; after this long without a sign the connection is taken for dead. */
const SILENCE = 40_000;
/** A page that nobody sees lets its connection go: browsers have six for one server, and pages need them too. */
const HIDDEN = 3000;
const SLOWEST = 30_000;

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The events of one project, for as long as it is open. Connects again by itself, and goes on where it was. */
export class Live {
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private last = "";
  private retry = 2000;
  /** Counts the starts: whoever was started before has nothing more to do. */
  private turn = 0;
  private current: AbortController | undefined;
  private hiding: ReturnType<typeof setTimeout> | undefined;
  private wake: () => void = () => {};
  lost = false;

  constructor(private readonly project: string) {}

  start(): () => void {
    this.turn++;
    document.addEventListener("visibilitychange", this.visibility);
    window.addEventListener("online", this.hurry);
    window.addEventListener("offline", this.again);
    void this.run(this.turn);
    return () => {
      this.turn++;
      document.removeEventListener("visibilitychange", this.visibility);
      window.removeEventListener("online", this.hurry);
      window.removeEventListener("offline", this.again);
      clearTimeout(this.hiding);
      this.current?.abort();
      this.wake();
    };
  }

  listen = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private hurry = () => this.wake();

  /** A connection of a network that went away is silent for long: another one shows whether the server is still there. */
  private again = () => this.current?.abort();

  private visibility = () => {
    clearTimeout(this.hiding);
    if (document.hidden) this.hiding = setTimeout(() => this.current?.abort(), HIDDEN);
    else this.wake();
  };

  private tell(changes: Changes): void {
    for (const listener of this.listeners) listener(changes);
  }

  private become(lost: boolean): void {
    if (this.lost === lost) return;
    this.lost = lost;
    for (const watcher of this.watchers) watcher();
  }

  private async run(turn: number): Promise<void> {
    let failures = 0;
    while (this.turn === turn) {
      if (document.hidden) {
        await this.woken();
        continue;
      }
      const begun = Date.now();
      const outcome = await this.connect();
      if (this.turn !== turn || outcome === "refused") return;
      if (document.hidden) continue;
      failures = Date.now() - begun > 5000 ? 0 : failures + 1;
      // A server that starts again is back in a moment, which is no reason to alarm anybody.
      if (failures > 1) this.become(true);
      const wait = Math.min(SLOWEST, this.retry * 2 ** Math.max(0, failures - 2)) * (0.75 + Math.random() / 2);
      await Promise.race([rest(failures === 1 ? 300 : wait), this.woken()]);
    }
  }

  /** Waits until the page is seen again, or the network is back. */
  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private async connect(): Promise<"ended" | "refused"> {
    const abort = new AbortController();
    this.current = abort;
    let silence = setTimeout(() => abort.abort(), SILENCE);
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE);
    };
    try {
      const response = await openStream(this.project, this.last, abort.signal);
      for await (const message of messagesOf(response, alive)) {
        if (message.retry) this.retry = message.retry;
        if (message.id) this.last = message.id;
        if (message.event === "open") this.opened();
        else if (message.event === "reset") this.tell({ events: [], counts: {}, missed: true });
        else if (message.event === "changes")
          this.tell({ ...(JSON.parse(message.data) as Omit<Changes, "missed">), missed: false });
      }
    } catch (cause) {
      const { status } = asApiError(cause);
      if (status === 401) this.tell({ events: [], counts: {}, missed: true });
      if (status === 401 || status === 403 || status === 404) return "refused";
    } finally {
      clearTimeout(silence);
    }
    return "ended";
  }

  private opened(): void {
    // What was asked for while the connection was gone may have failed.
    if (this.lost) this.tell({ events: [], counts: {}, missed: true });
    this.become(false);
  }
}
