import { Link } from "@tanstack/react-router";
import { Flag } from "lucide-react";
import type { QueueItem } from "../api/queues";
import { cx } from "../ui/cx";
import { oneLine } from "../ui/format";
import { Time } from "../ui/Time";
import { Remarks } from "./Remarks";

const names = (item: QueueItem, state: string) =>
  item.seats.filter((seat) => seat.state === state).map(({ reviewer }) => reviewer.display_name);

/** Where an item stands, in words. */
export function stateText(item: QueueItem): string {
  if (item.orphaned) return "its trace is gone";
  if (item.state === "completed") return "complete";
  if (item.state === "in_review") {
    const by = names(item, "held");
    return by.length > 0 ? `with ${by.join(", ")}` : "in review";
  }
  if (item.state === "needs_others") return `needs ${item.overlap - item.answered} more`;
  return "to do";
}

export function ItemRow({
  item,
  project,
  chosen,
  onChoose,
}: {
  item: QueueItem;
  project: string;
  chosen: boolean;
  onChoose: (() => void) | undefined;
}) {
  const title = oneLine(item.input) || item.name || item.id;
  const flagged = item.seats.some((seat) => seat.flagged);
  const declined = names(item, "declined");
  const skipped = names(item, "skipped");
  const by = names(item, "submitted");
  return (
    <li className={cx("flex items-center gap-2 border-b py-1.5 text-sm", chosen && "bg-hover")}>
      {onChoose && (
        <label className="flex size-9 shrink-0 items-center justify-center pointer-coarse:size-11">
          <input
            type="checkbox"
            aria-label={`Select ${title}`}
            className="size-4 accent-(--accent)"
            checked={chosen}
            onChange={onChoose}
          />
        </label>
      )}
      <div className="grid min-w-0 flex-1 items-center gap-x-4 gap-y-0.5 sm:grid-cols-[minmax(0,1fr)_150px_minmax(90px,180px)_72px]">
        {item.trace_id && !item.orphaned ? (
          <Link
            to="/p/$project/traces/$trace"
            params={{ project, trace: item.trace_id }}
            search={{ range: "all", ...(item.span_id ? { span: item.span_id } : {}) }}
            className="truncate hover:underline"
            dir="auto"
          >
            {title}
          </Link>
        ) : (
          <span className="truncate text-ink-3" dir="auto">
            {title}
          </span>
        )}
        <span className={cx("flex items-center gap-1.5", item.state === "completed" ? "text-good" : "text-ink-2")}>
          {stateText(item)}
          {flagged && <Flag size={12} role="img" aria-label="flagged" className="shrink-0 text-warn" />}
        </span>
        <span className="truncate text-xs text-ink-3">
          {[
            by.length > 0 && `by ${by.join(", ")}`,
            item.assignee && `for ${item.assignee.display_name}`,
            declined.length > 0 && `declined by ${declined.join(", ")}`,
            skipped.length > 0 && `skipped by ${skipped.join(", ")}`,
            item.priority > 0 ? "high priority" : item.priority < 0 && "low priority",
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <Time iso={item.added_at} className="num text-xs text-ink-3 sm:text-right" />
        <div className="sm:col-span-full">
          <Remarks of={item.seats} />
        </div>
      </div>
    </li>
  );
}
