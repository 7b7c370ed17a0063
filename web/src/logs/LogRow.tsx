import { Link } from "@tanstack/react-router";
import { PencilLine } from "lucide-react";
import { memo } from "react";
import type { HumanReview, Log } from "../api/types";
import { InQueues } from "../queues/InQueues";
import { AnswerMark } from "../review/sentiment";
import { cx } from "../ui/cx";
import { duration, money, oneLine, shortModel } from "../ui/format";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";

export const LOG_COLUMNS =
  "grid-cols-[96px_64px_minmax(84px,0.6fr)_minmax(100px,0.8fr)_minmax(120px,1.6fr)_minmax(140px,2fr)_64px_72px_minmax(110px,1fr)]";

export const LOG_HEADS: [string, string][] = [
  ["Time", ""],
  ["Status", ""],
  ["Provider", ""],
  ["Model", ""],
  ["Asked", ""],
  ["Answered", ""],
  ["Latency", "text-right"],
  ["Cost", "text-right"],
  ["Feedback", ""],
];

function Feedback({ log, reviews }: { log: Log; reviews: Map<string, HumanReview> }) {
  return (
    <span className="flex min-w-0 gap-1 overflow-hidden">
      {log.has_correction && (
        <span className="inline-flex items-center gap-1 rounded-sm bg-good-soft px-1.5 text-xs leading-5 text-good">
          <PencilLine size={12} aria-hidden /> corrected
        </span>
      )}
      {log.feedback.slice(0, 2).map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two people may say the same
        <AnswerMark key={index} name={one.key} review={reviews.get(one.key)} value={one.value} />
      ))}
      <InQueues of={log} />
    </span>
  );
}

export const LogRow = memo(function LogRow({
  log,
  project,
  reviews,
  open,
  marked,
  compact,
}: {
  log: Log;
  project: string;
  reviews: Map<string, HumanReview>;
  open: boolean;
  marked: boolean;
  compact: boolean;
}) {
  const answered = log.output_preview ?? log.error;
  return (
    <Link
      to="/p/$project/logs/$log"
      params={{ project, log: log.id }}
      search={(before) => before}
      aria-current={open ? "true" : undefined}
      preload={false}
      className={cx(
        "block h-full border-b text-sm -outline-offset-2",
        open ? "bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]" : marked ? "bg-hover" : "hover:bg-well",
      )}
    >
      {compact ? (
        <div className="flex h-full flex-col justify-center gap-0.5 px-3">
          <div className="flex items-center gap-2">
            <span className="truncate text-ink-2">{shortModel(log.model) || log.name}</span>
            {log.status === "error" && <Status status="error" brief />}
            <span className="flex-1" />
            <Feedback log={log} reviews={reviews} />
            <Time iso={log.started_at} className="num shrink-0 text-xs text-ink-3" />
          </div>
          <div className="truncate" dir="auto">
            {oneLine(log.input_preview) || oneLine(answered)}
          </div>
        </div>
      ) : (
        <div className={cx("grid h-full items-center gap-3 px-3", LOG_COLUMNS)}>
          <Time iso={log.started_at} className="num text-ink-2" />
          <Status status={log.status} />
          <span className="truncate text-ink-2">{log.provider}</span>
          <span className="truncate text-ink-2" title={log.model}>
            {shortModel(log.model)}
          </span>
          <span className="truncate" dir="auto">
            {oneLine(log.input_preview)}
          </span>
          <span className={cx("truncate", log.output_preview ? "text-ink-2" : "text-bad")} dir="auto">
            {oneLine(answered)}
          </span>
          <span className="num text-right text-ink-2">{duration(log.duration_ms)}</span>
          <span className="num text-right text-ink-2">{money(log.cost)}</span>
          <Feedback log={log} reviews={reviews} />
        </div>
      )}
    </Link>
  );
});
