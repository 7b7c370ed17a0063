import { ListChecks } from "lucide-react";
import type { InQueue } from "../api/types";

const STATES: Record<string, string> = {
  to_do: "to do",
  open: "to do",
  in_review: "in review",
  needs_others: "needs others",
  completed: "complete",
};

/** The queues that something is in, as small marks. */
export function InQueues({ of: { queues } }: { of: { queues?: InQueue[] } }) {
  return queues?.slice(0, 2).map(({ id, item_id, display_name, state }) => (
    <span
      key={`${id} ${item_id}`}
      title={`In the queue ${display_name}: ${STATES[state] ?? state}`}
      className="inline-flex max-w-36 min-w-6 items-center gap-1 rounded-sm bg-well px-1.5 text-xs leading-5 text-ink-2"
    >
      <ListChecks size={12} role="img" aria-label="in queue" className="shrink-0" />
      <span className="truncate">{display_name}</span>
    </span>
  ));
}
