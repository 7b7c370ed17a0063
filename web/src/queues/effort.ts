import type { Done } from "../api/queues";

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** How long what is left will take at somebody's pace so far; nothing when too little is known to say. */
export function effort(done: readonly Done[], left: number): string | undefined {
  const taken = done.flatMap(({ state, seconds }) => (state === "submitted" && seconds ? [seconds] : []));
  const each = taken.length >= 3 ? median(taken) : undefined;
  if (each === undefined || left === 0) return undefined;
  const minutes = Math.round((each * left) / 60);
  if (minutes < 1) return "less than a minute at your pace";
  if (minutes < 90) return `about ${minutes} min at your pace`;
  return `about ${Math.round(minutes / 60)} hours at your pace`;
}
