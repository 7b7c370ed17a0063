import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import type { HumanReview, TraceSummary } from "../api/types";
import { cx } from "../ui/cx";
import { useMedia } from "../ui/useMedia";
import { COLUMNS, gridOf } from "./columns";
import { BOX, TraceRow } from "./TraceRow";
import { useNear } from "./useNear";
import type { Selection } from "./useSelection";

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
  selection: Selection;
  /** Shows the boxes where there is little room. */
  choosing: boolean;
  /** Whether rows may come in on top without moving what somebody reads or points at. */
  onCalm: (calm: boolean) => void;
  /** The columns that are shown, by id. */
  columnIds: readonly string[];
}

/** Rows of traces; only those in sight are in the page. */
export function TraceList(props: ListProps) {
  const {
    rows,
    project,
    reviews,
    marked,
    open,
    compact,
    dense,
    hasMore,
    loadMore,
    selection,
    choosing,
    onCalm,
    columnIds,
  } = props;
  const roomy = useMedia("(min-width: 1024px)");
  const columns = useMemo(
    () => COLUMNS.filter(({ id, wideOnly }) => columnIds.includes(id) && (roomy || !wideOnly)),
    [columnIds, roomy],
  );
  const grid = useMemo(() => gridOf(columns), [columns]);
  const near = useNear();
  const next = open ? rows[marked + 1] : rows[marked];
  useEffect(() => {
    // The next one by key is at hand before the key is pressed.
    if (next) near(next);
  }, [next, near]);
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
  const calm = () => {
    const place = scroller.current;
    if (place) onCalm(place.scrollTop === 0 && !place.matches(":hover"));
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {!compact && (
        <div
          className="flex h-7 shrink-0 border-b text-xs text-ink-3"
          // The rows scroll and the head does not: it keeps the width that their scroll bar takes.
          style={{ scrollbarGutter: "stable" }}
        >
          <label className={BOX}>
            <input
              ref={(box) => {
                if (box) box.indeterminate = selection.size > 0 && !selection.allLoaded;
              }}
              type="checkbox"
              aria-label="Select all that are loaded"
              className="size-4 accent-(--accent)"
              checked={selection.allLoaded}
              onChange={selection.toggleLoaded}
            />
          </label>
          <div
            className="grid min-w-0 flex-1 items-center gap-3 pr-3"
            style={{ gridTemplateColumns: grid }}
            aria-hidden
          >
            {columns.map(({ id, label, right }) => (
              <span key={id} className={cx("truncate", right && "text-right")}>
                {label}
              </span>
            ))}
          </div>
        </div>
      )}
      <section
        ref={scroller}
        aria-label="Traces"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="scroll min-h-0 flex-1 -outline-offset-2"
        onScroll={calm}
        onPointerEnter={calm}
        onPointerLeave={calm}
      >
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
                    selected={selection.has(trace.trace_id)}
                    selecting={choosing || selection.size > 0}
                    onSelect={selection.toggle}
                    columns={columns}
                    grid={grid}
                    onNear={near}
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
