import { Link } from "@tanstack/react-router";
import { Check, ListTree, PencilLine } from "lucide-react";
import { memo } from "react";
import type { Datapoint } from "../api/datasets";
import { cx } from "../ui/cx";
import { oneLine } from "../ui/format";
import { questionOf } from "./message";

export const COLUMNS = "grid-cols-[44px_minmax(140px,2fr)_minmax(140px,2fr)_minmax(90px,0.8fr)_92px]";
export const HEADS = ["", "Asked", "Expected output", "Inputs", "Marks"];

/** What was done to a datapoint before it came: a correction, or any judgement. */
function Marks({ datapoint }: { datapoint: Datapoint }) {
  const judged = (datapoint.evaluations ?? []).length > 0;
  if (datapoint.origin?.corrected_by)
    return (
      <span className="inline-flex shrink-0 items-center gap-1 justify-self-start rounded-sm bg-good-soft px-1.5 text-xs leading-5 text-good">
        <PencilLine size={12} aria-hidden /> corrected
      </span>
    );
  if (!judged) return null;
  return (
    <span className="inline-flex shrink-0 items-center gap-1 justify-self-start rounded-sm bg-well px-1.5 text-xs leading-5 text-ink-2">
      <Check size={12} aria-hidden /> judged
    </span>
  );
}

/** The trace that a datapoint came from. */
export function OriginLink({
  origin,
  project,
  brief,
}: {
  origin: NonNullable<Datapoint["origin"]>;
  project: string;
  brief?: boolean;
}) {
  return (
    <Link
      to="/p/$project/traces/$trace"
      params={{ project, trace: origin.trace_id }}
      search={{ span: origin.span_id, range: "all" }}
      title="The trace it came from"
      aria-label={brief ? "The trace it came from" : undefined}
      className="inline-flex h-8 shrink-0 items-center gap-1.5 rounded-sm px-1.5 text-sm text-ink-2 hover:text-ink"
    >
      <ListTree size={16} aria-hidden /> {!brief && "Its trace"}
    </Link>
  );
}

function Place({ number }: { number: number }) {
  return (
    <span className="num text-right text-xs text-ink-3">
      <span className="sr-only">Datapoint </span>
      {number}
    </span>
  );
}

export const DatapointRow = memo(function DatapointRow({
  datapoint,
  number,
  dataset,
  project,
  open,
  marked,
  compact,
}: {
  datapoint: Datapoint;
  number: number;
  dataset: string;
  project: string;
  open: boolean;
  marked: boolean;
  compact: boolean;
}) {
  const asked = oneLine(questionOf(datapoint));
  const inputs = Object.entries(datapoint.inputs ?? {})
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
  const expected = oneLine(datapoint.expected_output);
  return (
    <div
      className={cx(
        "flex h-full items-center border-b text-sm",
        open ? "bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]" : marked ? "bg-hover" : "hover:bg-well",
      )}
    >
      <Link
        to="/p/$project/datasets/$dataset"
        params={{ project, dataset }}
        search={{ datapoint: datapoint._id }}
        aria-current={open ? "true" : undefined}
        preload={false}
        className="h-full min-w-0 flex-1 -outline-offset-2"
      >
        {compact ? (
          <div className="flex h-full flex-col justify-center gap-0.5 px-3">
            <div className="flex items-center gap-2">
              <Place number={number} />
              <span className="min-w-0 flex-1 truncate" dir="auto">
                {asked}
              </span>
              <Marks datapoint={datapoint} />
            </div>
            <div className="truncate text-ink-2" dir="auto">
              {expected || inputs}
            </div>
          </div>
        ) : (
          <div className={cx("grid h-full items-center gap-3 ps-3", COLUMNS)}>
            <Place number={number} />
            <span className="truncate" dir="auto">
              {asked}
            </span>
            <span className="truncate text-ink-2" dir="auto">
              {expected || <span className="text-ink-3">none yet</span>}
            </span>
            <span className="truncate text-ink-2" dir="auto" title={inputs}>
              {inputs}
            </span>
            <Marks datapoint={datapoint} />
          </div>
        )}
      </Link>
      {!compact && (
        <span className="flex w-11 shrink-0 justify-center">
          {datapoint.origin && <OriginLink origin={datapoint.origin} project={project} brief />}
        </span>
      )}
    </div>
  );
});
