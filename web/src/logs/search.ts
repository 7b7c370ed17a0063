/** What the address of the logs page holds. */
export interface LogSearch {
  status?: "ok" | "error";
  /** Only logs that people said something of, or nothing. */
  judged?: boolean;
  model?: string;
  provider?: string;
  /** Took at least so many milliseconds. */
  slow?: number;
  /** Cost at least so much. */
  dear?: number;
  /** Words to find. */
  q?: string;
}

export function logSearch(search: Record<string, unknown>): LogSearch {
  const found: LogSearch = {};
  const { status, judged } = search;
  if (status === "ok" || status === "error") found.status = status;
  if (typeof judged === "boolean") found.judged = judged;
  for (const name of ["model", "provider", "q"] as const) {
    const value = search[name];
    if (typeof value === "string" && value !== "") found[name] = value;
    else if (typeof value === "number") found[name] = String(value);
  }
  for (const name of ["slow", "dear"] as const) {
    const value = search[name];
    if (typeof value === "number" && value > 0) found[name] = value;
  }
  return found;
}
