import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { HumanReview, TraceSummary } from "../api/types";
import { AnswerMark } from "../review/sentiment";
import { cx } from "../ui/cx";
import { duration, money, oneLine, shortModel, tokens } from "../ui/format";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";

/** The columns of the list: one place for heads and rows. */
export const COLUMNS =
  "grid-cols-[minmax(110px,1fr)_minmax(140px,2fr)_minmax(140px,2.2fr)_120px_56px_64px_56px_72px_minmax(96px,1fr)_88px] max-lg:grid-cols-[minmax(100px,1fr)_minmax(120px,2fr)_minmax(120px,2fr)_72px_64px_minmax(80px,1fr)_80px]";

const WIDE_ONLY = "max-lg:hidden";

interface RowProps {
  trace: TraceSummary;
  project: string;
  reviews: Map<string, HumanReview>;
  marked: boolean;
  open: boolean;
  /** Two lines, for narrow places. */
  compact: boolean;
  id: string;
  selected: boolean;
  /** Some are selected: the boxes are shown even where there is little room. */
  selecting: boolean;
  onSelect: (id: string, range: boolean) => void;
}

/** The room of the boxes, in the head and in every row. */
export const BOX = "flex w-9 shrink-0 items-center justify-center";

export const HEADS: [string, string][] = [
  ["Name", ""],
  ["Input", ""],
  ["Output", ""],
  ["Model", WIDE_ONLY],
  ["Status", ""],
  ["Latency", "text-right"],
  ["Tokens", cx("text-right", WIDE_ONLY)],
  ["Cost", cx("text-right", WIDE_ONLY)],
  ["Judged", ""],
  ["Time", "text-right"],
];

function Judged({ trace, reviews }: Pick<RowProps, "trace" | "reviews">) {
  const given = trace.annotations ?? [];
  const shown = given.slice(0, 2);
  return (
    <span className="flex min-w-0 gap-1 overflow-hidden">
      {shown.map((annotation) => (
        <AnswerMark
          key={`${annotation.span_id} ${annotation.key} ${annotation.annotator_kind} ${JSON.stringify(annotation.value)}`}
          name={annotation.key}
          review={reviews.get(annotation.key)}
          value={annotation.value}
        />
      ))}
      {given.length > shown.length && (
        <span className="num text-xs leading-5 text-ink-3">+{given.length - shown.length}</span>
      )}
    </span>
  );
}

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

function RowLink({ trace, project, reviews, open, compact, selecting, id }: RowProps) {
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
        <div className={cx("grid h-full items-center gap-3 pr-3", COLUMNS)}>
          <span className="truncate font-medium">{trace.name}</span>
          <span className="truncate" dir="auto">
            {oneLine(trace.input)}
          </span>
          <span className={cx("truncate", trace.output ? "text-ink-2" : "text-bad")} dir="auto">
            {oneLine(said)}
          </span>
          <span className={cx("truncate text-ink-2", WIDE_ONLY)} title={trace.models?.join(", ")}>
            {shortModel(trace.models?.[0])}
            {(trace.models?.length ?? 0) > 1 && ` +${(trace.models?.length ?? 0) - 1}`}
          </span>
          <Status status={trace.status} />
          <span className="num text-right text-ink-2">{duration(trace.duration_ms)}</span>
          <span className={cx("num text-right text-ink-2", WIDE_ONLY)}>{tokens(trace.usage?.total_tokens)}</span>
          <span className={cx("num text-right text-ink-2", WIDE_ONLY)}>
            {money(trace.cost?.total, trace.cost?.currency)}
          </span>
          <Judged trace={trace} reviews={reviews} />
          {trace.started_at && <Time iso={trace.started_at} className="num truncate text-right text-ink-2" />}
        </div>
      )}
    </Link>
  );
}
