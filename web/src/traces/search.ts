/** What the address of the traces page holds. */
export interface TraceSearchParams {
  /** The filter, as text. */
  q?: string;
  /** A range that moves with the clock: `1h`, `24h`, `7d`, `30d`, `all`. */
  range?: string;
  /** A fixed range, in place of `range`. */
  from?: string;
  to?: string;
  sort?: string;
  /** The saved view that this began as. */
  view?: string;
  span?: string;
  tab?: string;
  /** Hides the list beside a trace. */
  alone?: boolean;
}

export const RANGES = [
  { id: "1h", label: "Last hour", ms: 3_600_000 },
  { id: "24h", label: "Last 24 hours", ms: 86_400_000 },
  { id: "7d", label: "Last 7 days", ms: 7 * 86_400_000 },
  { id: "30d", label: "Last 30 days", ms: 30 * 86_400_000 },
  { id: "all", label: "All time", ms: 0 },
] as const;

export const DEFAULT_RANGE = "7d";

export const SORTS = [
  { id: "started_at", label: "Newest first" },
  { id: "-started_at", label: "Oldest first" },
  { id: "duration_ms", label: "Slowest first" },
  { id: "cost", label: "Dearest first" },
  { id: "total_tokens", label: "Most tokens first" },
] as const;

export function traceSearch(search: Record<string, unknown>): TraceSearchParams {
  const found: TraceSearchParams = {};
  for (const name of ["q", "range", "from", "to", "sort", "view", "span", "tab"] as const) {
    const value = search[name];
    if (typeof value === "string" && value !== "") found[name] = value;
    else if (typeof value === "number") found[name] = String(value);
  }
  if (search.alone === true) found.alone = true;
  return found;
}

export interface Window {
  from: string;
  to: string;
}

/** The window of time that the address means, at a moment. */
export function windowOf(search: TraceSearchParams, now: number): Window {
  if (search.from && search.to) return { from: search.from, to: search.to };
  const range = RANGES.find(({ id }) => id === (search.range ?? DEFAULT_RANGE)) ?? RANGES[2];
  // A little ahead, for clients whose clocks are.
  const to = new Date(now + 60_000).toISOString();
  return { from: new Date(range.ms === 0 ? 0 : now - range.ms).toISOString(), to };
}

export function sortOf(sort: string | undefined): { field: string; order: "asc" | "desc" }[] | undefined {
  if (!sort || sort === "started_at") return undefined;
  return [sort.startsWith("-") ? { field: sort.slice(1), order: "asc" } : { field: sort, order: "desc" }];
}

/** What is left of an address when parts of it are taken away. */
export function clean(
  search: { [Name in keyof TraceSearchParams]?: TraceSearchParams[Name] | string | undefined },
): TraceSearchParams {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
