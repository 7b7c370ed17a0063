import { Link } from "@tanstack/react-router";
import { Fragment, memo } from "react";
import type { TraceSummary } from "../api/types";
import { cx } from "../ui/cx";
import { oneLine } from "../ui/format";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";
import { type Column, Judged, type Reviews } from "./columns";

interface RowProps {
  trace: TraceSummary;
  project: string;
  reviews: Reviews;
  marked: boolean;
  open: boolean;
  /** Two lines, for narrow places. */
  compact: boolean;
  id: string;
  selected: boolean;
  /** Some are selected: the boxes are shown even where there is little room. */
  selecting: boolean;
  onSelect: (id: string, range: boolean) => void;
  columns: readonly Column[];
  /** The room of the columns. */
  grid: string;
  /** Somebody points at it and may open it next, or opens it now. */
  onNear: (trace: TraceSummary, now?: boolean) => void;
}

/** The room of the boxes, in the head and in every row. */
export const BOX = "flex w-9 shrink-0 items-center justify-center";

export const TraceRow = memo(function TraceRow(props: RowProps) {
  const { trace, marked, open, compact, selected, selecting, onSelect } = props;
  const look = cx(
    "flex h-full border-b",
    open ? "bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]" : marked || selected ? "bg-hover" : "hover:bg-well",
  );
  const name = oneLine(trace.name) || trace.trace_id;
  return (
    <div className={look} data-row data-marked={marked || undefined}>
      {(!compact || selecting) && (
        <label className={BOX}>
          <input
            type="checkbox"
            aria-label={`Select ${name}`}
            className="size-4 accent-(--accent)"
            checked={selected}
            // Only a click knows whether the shift key is down; keys make clicks too.
            onClick={(event) => onSelect(trace.trace_id, event.shiftKey)}
            onChange={() => {}}
          />
        </label>
      )}
      <RowLink {...props} />
    </div>
  );
});

function RowLink({ trace, project, reviews, open, compact, selecting, id, columns, grid, onNear }: RowProps) {
  const said = trace.output ?? trace.error?.message;
  return (
    <Link
      id={id}
      data-trace={trace.trace_id}
      to="/p/$project/traces/$trace"
      params={{ project, trace: trace.trace_id }}
      search={({ span: _, tab, ...rest }) => (tab ? { ...rest, tab } : rest)}
      aria-current={open ? "true" : undefined}
      className="block min-w-0 flex-1 text-sm -outline-offset-2"
      preload={false}
      onPointerEnter={() => onNear(trace)}
      onFocus={() => onNear(trace)}
      onPointerDown={() => onNear(trace, true)}
      onClick={() => onNear(trace, true)}
    >
      {compact ? (
        <div className={cx("flex h-full flex-col justify-center gap-0.5 pr-3", selecting ? "pl-0" : "pl-3")}>
          <div className="flex items-center gap-2">
            <span className="truncate font-medium">{trace.name}</span>
            {trace.status === "error" && <Status status="error" brief />}
            <span className="flex-1" />
            <Judged trace={trace} reviews={reviews} />
            {trace.started_at && <Time iso={trace.started_at} className="num shrink-0 text-xs text-ink-3" />}
          </div>
          <div className="truncate text-ink-2" dir="auto">
            {oneLine(trace.input) || oneLine(said) || <span className="text-ink-3">no content</span>}
          </div>
        </div>
      ) : (
        <div className="grid h-full items-center gap-3 pr-3" style={{ gridTemplateColumns: grid }}>
          {columns.map(({ id: column, cell }) => (
            <Fragment key={column}>{cell(trace, reviews)}</Fragment>
          ))}
        </div>
      )}
    </Link>
  );
}
