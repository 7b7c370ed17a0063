import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { HumanReview, TraceSummary } from "../api/types";
import { cx } from "../ui/cx";
import { COLUMNS, HEADS, TraceRow } from "./TraceRow";

interface ListProps {
  rows: TraceSummary[];
  project: string;
  reviews: Map<string, HumanReview>;
  /** The row the keys are on. */
  marked: number;
  open: string | undefined;
  compact: boolean;
  dense: boolean;
  hasMore: boolean;
  loadMore: () => void;
}

/** Rows of traces; only those in sight are in the page. */
export function TraceList({ rows, project, reviews, marked, open, compact, dense, hasMore, loadMore }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = compact ? 52 : dense ? 28 : 36;
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
    getItemKey: (index) => rows[index]?.trace_id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are measured anew when the height changes
  useEffect(() => list.measure(), [height]);
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 40) loadMore();
  }, [hasMore, last, rows.length, loadMore]);
  useEffect(() => {
    if (marked >= 0 && marked < rows.length) list.scrollToIndex(marked, { align: "auto" });
  }, [marked, list, rows.length]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {!compact && (
        <div
          className={cx("grid h-7 shrink-0 items-center gap-3 border-b px-3 text-xs text-ink-3", COLUMNS)}
          aria-hidden
        >
          {HEADS.map(([head, look]) => (
            <span key={head} className={look}>
              {head}
            </span>
          ))}
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section ref={scroller} aria-label="Traces" tabIndex={0} className="scroll min-h-0 flex-1 -outline-offset-2">
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const trace = rows[item.index];
            return (
              trace && (
                <div
                  key={item.key}
                  className="absolute inset-x-0 top-0"
                  style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                >
                  <TraceRow
                    id={`trace-${trace.trace_id}`}
                    trace={trace}
                    project={project}
                    reviews={reviews}
                    marked={item.index === marked}
                    open={trace.trace_id === open}
                    compact={compact}
                  />
                </div>
              )
            );
          })}
        </div>
      </section>
    </div>
  );
}
