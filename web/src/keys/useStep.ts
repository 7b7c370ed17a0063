import { useRef } from "react";

/** How long a step that was taken counts before the page shows it. */
const PATIENCE = 1000;

/**
 * Steps through a list by keys. Where a step leads is remembered until the page shows it, so that two presses before
 * the next frame are two steps.
 */
export function useStep(at: number, length: number, go: (to: number) => void): (by: number) => void {
  const ahead = useRef<{ to: number; until: number }>(undefined);
  if (ahead.current?.to === at) ahead.current = undefined;
  return (by) => {
    const from = ahead.current && performance.now() < ahead.current.until ? ahead.current.to : at;
    const to = Math.max(0, Math.min(length - 1, from + by));
    ahead.current = { to, until: performance.now() + PATIENCE };
    go(to);
  };
}
