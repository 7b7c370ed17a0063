import { createContext, use, useEffect, useRef, useSyncExternalStore } from "react";
import type { Changes, Live } from "./live";

export const LiveContext = createContext<Live | null>(null);

/** Hears what happens in the project while the component is shown. */
export function useLive(listener: (changes: Changes) => void): void {
  const live = use(LiveContext);
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => live?.listen((changes) => latest.current(changes)), [live]);
}

const never = () => () => {};

/** Whether the connection is gone and comes back by itself. */
export function useConnectionLost(): boolean {
  const live = use(LiveContext);
  return useSyncExternalStore(live?.watch ?? never, () => live?.lost ?? false);
}

/** Runs something soon after it was asked for, however often that was: at most once in `every` milliseconds. */
export function useThrottled(run: () => void, every: number): () => void {
  const latest = useRef(run);
  latest.current = run;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const before = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useRef(() => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        before.current = Date.now();
        latest.current();
      },
      Math.max(50, before.current + every - Date.now()),
    );
  }).current;
}
