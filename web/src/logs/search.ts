/** What the address of the logs page holds. */
export interface LogSearch {
  status?: "ok" | "error";
  /** Only logs that people said something of, or nothing. */
  judged?: boolean;
  model?: string;
}

export function logSearch(search: Record<string, unknown>): LogSearch {
  const found: LogSearch = {};
  const { status, judged, model } = search;
  if (status === "ok" || status === "error") found.status = status;
  if (typeof judged === "boolean") found.judged = judged;
  if (typeof model === "string" && model !== "") found.model = model;
  return found;
}
