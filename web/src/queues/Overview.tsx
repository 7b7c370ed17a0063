import { useQuery } from "@tanstack/react-query";
import { Flag } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api/error";
import type { Queue, QueueItem, QueueSummary } from "../api/queues";
import { useHere } from "../app/project";
import { labelOf, SENTIMENT_TEXT, SentimentMark, sentimentOf } from "../review/sentiment";
import { cx } from "../ui/cx";
import { day } from "../ui/dates";
import { count, duration, oneLine } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { useQueuesApi } from "./useDesk";

const seconds = (value: number | undefined) => (value === undefined ? "–" : duration(value * 1000));

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-2 text-sm font-semibold">{title}</h2>
      {children}
    </section>
  );
}

/** How the work goes: how much a day, by whom, how long it takes, what is said, and what needs somebody. */
export function Overview({ queue }: { queue: Queue }) {
  const { project } = useHere();
  const api = useQueuesApi();
  const query = useQuery({
    queryKey: [project.key, "queue", queue.id, "summary"],
    queryFn: () => api.summary(queue.id),
  });
  if (query.isPending) return <Skeleton lines={6} className="px-0" />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  const summary = query.data;
  const any = queue.progress.answers > 0;
  return (
    <div className="grid gap-x-12 gap-y-8 lg:grid-cols-2">
      {!any && (
        <p className="text-ink-2 lg:col-span-2">
          {queue.progress.total === 0
            ? "Nothing is in this queue yet. Choose traces in the list of traces and press Q to add them."
            : "Nobody has submitted an answer yet: figures appear with the first one."}
        </p>
      )}
      {any && (
        <>
          <Part title="Submitted per day">
            <Days days={summary.days} />
          </Part>
          <Part title="Reviewers">
            <Reviewers summary={summary} />
          </Part>
          {summary.answers.map((one) => (
            <Part key={one.human_review.id} title={one.human_review.display_name}>
              <Bars one={one} />
            </Part>
          ))}
        </>
      )}
      {summary.trouble.length > 0 && (
        <div className="lg:col-span-2">
          <Part title="Items in trouble">
            <ul className="border-t">
              {summary.trouble.map((item) => (
                <Trouble key={item.id} item={item} />
              ))}
            </ul>
          </Part>
        </div>
      )}
    </div>
  );
}

function Days({ days }: { days: QueueSummary["days"] }) {
  const shown = days.slice(-30);
  const most = Math.max(1, ...shown.map(({ submitted }) => submitted));
  return (
    <ol className="flex h-32 items-end gap-1 border-b">
      {shown.map(({ day: iso, submitted }) => (
        <li
          key={iso}
          title={`${day(iso)}: ${count(submitted)}`}
          className="flex h-full max-w-12 min-w-1.5 flex-1 flex-col justify-end"
        >
          <span className="sr-only">
            {day(iso)}: {count(submitted)} submitted
          </span>
          <span aria-hidden className="num text-center text-xs text-ink-3">
            {shown.length <= 14 ? count(submitted) : ""}
          </span>
          <span aria-hidden className="rounded-t-sm bg-line-strong" style={{ height: `${(82 * submitted) / most}%` }} />
        </li>
      ))}
    </ol>
  );
}

function Reviewers({ summary }: { summary: QueueSummary }) {
  return (
    <table className="w-full text-sm">
      <thead>
        <tr className="border-b text-left text-xs text-ink-3">
          <th className="py-1 font-normal">Name</th>
          <th className="py-1 text-right font-normal">Submitted</th>
          <th className="py-1 text-right font-normal">Median time</th>
        </tr>
      </thead>
      <tbody>
        {summary.reviewers.map(({ reviewer, submitted, median_seconds }) => (
          <tr key={reviewer.id} className="border-b">
            <td className="max-w-40 truncate py-1.5">{reviewer.display_name}</td>
            <td className="num py-1.5 text-right">{count(submitted)}</td>
            <td className="num py-1.5 text-right">{seconds(median_seconds)}</td>
          </tr>
        ))}
        <tr>
          <td className="py-1.5 text-ink-2">All</td>
          <td className="num py-1.5 text-right text-ink-2">
            {count(summary.reviewers.reduce((sum, { submitted }) => sum + submitted, 0))}
          </td>
          <td className="num py-1.5 text-right text-ink-2">{seconds(summary.median_seconds)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Bars({ one: { human_review: review, total, bars } }: { one: QueueSummary["answers"][number] }) {
  const most = Math.max(1, ...bars.map(({ count: many }) => many));
  if (total === 0) return <p className="text-sm text-ink-3">No answers yet.</p>;
  if (bars.length === 0) return <p className="text-sm text-ink-2">{count(total)} written answers.</p>;
  return (
    <ul className="flex flex-col gap-1.5 text-sm">
      {bars.map(({ value, count: many }) => {
        const sentiment = sentimentOf(review, value);
        const label = review.type === "boolean" ? (value === "true" ? "yes" : "no") : labelOf(review, value);
        return (
          <li key={value} className="grid grid-cols-[minmax(72px,30%)_minmax(0,1fr)_auto] items-center gap-3">
            <span className={cx("flex min-w-0 items-center gap-1.5", SENTIMENT_TEXT[sentiment])}>
              {sentiment !== "neutral" && <SentimentMark sentiment={sentiment} size={12} />}
              <span className="truncate" title={label} dir="auto">
                {label}
              </span>
            </span>
            <span aria-hidden className="h-2 rounded-full bg-well">
              <span className="block h-full rounded-full bg-line-strong" style={{ width: `${(100 * many) / most}%` }} />
            </span>
            <span className="num w-20 text-right text-ink-2">
              {count(many)} · {Math.round((100 * many) / total)} %
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Trouble({ item }: { item: QueueItem }) {
  const why = [
    ...item.seats.flatMap(({ reviewer, state, reason, flagged, note }) => [
      ...(state === "declined" ? [`declined by ${reviewer.display_name}${reason ? `: “${reason}”` : ""}`] : []),
      ...(flagged ? [`flagged by ${reviewer.display_name}${note ? `: “${note}”` : ""}`] : []),
    ]),
    ...(item.lapses > 1 ? [`left unfinished ${count(item.lapses)} times`] : []),
    ...(item.orphaned ? ["its trace is gone"] : []),
  ];
  return (
    <li className="grid gap-x-4 gap-y-0.5 border-b py-2 text-sm sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <span className="truncate" dir="auto">
        {oneLine(item.input) || item.name || item.id}
      </span>
      <span className="flex min-w-0 items-start gap-1.5 text-warn">
        <Flag size={14} aria-hidden className="mt-0.5 shrink-0" />
        <span className="min-w-0 break-words">{why.join("; ") || "needs a look"}</span>
      </span>
    </li>
  );
}
