import type { Outcome } from "../api/automations";

export const TABS = ["rule", "runs"] as const;
const OUTCOMES: readonly Outcome[] = ["acted", "not_sampled", "over_quota", "failed"];

/** What the address of an automation holds. */
export interface AutomationSearch {
  tab?: (typeof TABS)[number];
  /** Only runs that ended so. */
  outcome?: Outcome;
  /** The filter that a new automation begins with, as text. */
  q?: string;
  /** Asks at once for which time to fill back. */
  back?: true;
}

export function automationSearch(search: Record<string, unknown>): AutomationSearch {
  const tab = TABS.find((one) => one === search.tab);
  const outcome = OUTCOMES.find((one) => one === search.outcome);
  const q = typeof search.q === "string" || typeof search.q === "number" ? String(search.q) : "";
  return {
    ...(tab ? { tab } : {}),
    ...(outcome ? { outcome } : {}),
    ...(q ? { q } : {}),
    ...(search.back ? { back: true } : {}),
  };
}
