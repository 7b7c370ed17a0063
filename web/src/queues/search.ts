export const TABS = ["overview", "items"] as const;
export const STATES = ["to_do", "in_review", "needs_others", "completed", "skipped", "declined", "flagged"] as const;

/** What the address of a queue's page holds. */
export interface QueueSearch {
  tab?: (typeof TABS)[number];
  /** Only items in this state. */
  state?: (typeof STATES)[number];
}

export function queueSearch(search: Record<string, unknown>): QueueSearch {
  const tab = TABS.find((one) => one === search.tab);
  const state = STATES.find((one) => one === search.state);
  return { ...(tab ? { tab } : {}), ...(state ? { state } : {}) };
}

/** Whether what was selected elsewhere is to be added to a queue when it is made. */
export const carrySearch = (search: Record<string, unknown>): { carry?: true } => (search.carry ? { carry: true } : {});
