import { Flag, MessageSquareText } from "lucide-react";
import type { QueueRemark } from "../api/queues";

/** What reviewers wrote of an item to whoever runs the queue: notes, flags, and why they declined it. */
export function Remarks({ of }: { of: readonly QueueRemark[] }) {
  const said = of.filter(({ note, reason, flagged }) => note || reason || flagged);
  if (said.length === 0) return null;
  return (
    <div className="grid gap-1 text-sm text-ink-2">
      {said.map(({ reviewer, note, reason, flagged }) => {
        const Mark = flagged ? Flag : MessageSquareText;
        return (
          <p key={reviewer.id} className="flex min-w-0 items-start gap-1.5">
            <Mark
              size={14}
              aria-hidden
              className={flagged ? "mt-0.5 shrink-0 text-warn" : "mt-0.5 shrink-0 text-ink-3"}
            />
            <span className="min-w-0 break-words" dir="auto">
              <span className="text-ink-3">
                {reviewer.display_name}
                {flagged ? " flagged it" : reason ? " declined it" : ""}
                {note || reason ? ": " : ""}
              </span>
              {[reason, note].filter(Boolean).join(" · ")}
            </span>
          </p>
        );
      })}
    </div>
  );
}
