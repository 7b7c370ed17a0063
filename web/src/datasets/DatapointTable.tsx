import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Datapoint } from "../api/datasets";
import { cx } from "../ui/cx";
import { COLUMNS, DatapointRow, HEADS } from "./DatapointRow";

/** The datapoints of a dataset in their order; only those in sight are in the page. */
export function DatapointTable({
  rows,
  dataset,
  project,
  open,
  marked,
  compact,
  loadMore,
}: {
  rows: Datapoint[];
  dataset: string;
  project: string;
  open: string | undefined;
  /** The row the keys are on. */
  marked: number;
  compact: boolean;
  /** Reads the next page; absent when there is none or it is on its way. */
  loadMore: (() => void) | undefined;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = compact ? 52 : 36;
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
    getItemKey: (index) => rows[index]?._id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are measured anew when the height changes
  useEffect(() => list.measure(), [height]);
  const items = list.getVirtualItems();
  const last = Math.max(items.at(-1)?.index ?? 0, marked);
  useEffect(() => {
    if (loadMore && last >= rows.length - 20) loadMore();
  }, [loadMore, last, rows.length]);
  useEffect(() => {
    if (marked >= 0 && marked < rows.length) list.scrollToIndex(marked, { align: "auto" });
  }, [marked, list, rows.length]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {!compact && (
        <div
          className="flex h-7 shrink-0 items-center border-b text-xs text-ink-3"
          style={{ scrollbarGutter: "stable" }}
          aria-hidden
        >
          <div className={cx("grid min-w-0 flex-1 items-center gap-3 ps-3", COLUMNS)}>
            {HEADS.map((head) => (
              <span key={head} className="truncate">
                {head}
              </span>
            ))}
          </div>
          <span className="w-11 shrink-0 text-center">From</span>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section ref={scroller} aria-label="Datapoints" tabIndex={0} className="scroll min-h-0 flex-1 -outline-offset-2">
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const datapoint = rows[item.index];
            return (
              datapoint && (
                <div
                  key={item.key}
                  className="absolute inset-x-0 top-0"
                  style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                >
                  <DatapointRow
                    datapoint={datapoint}
                    number={item.index + 1}
                    dataset={dataset}
                    project={project}
                    open={datapoint._id === open}
                    marked={item.index === marked && !open}
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
