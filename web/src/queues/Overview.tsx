import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flag } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api/error";
import type { Queue, QueueBars, QueueSummary, QueueTrouble } from "../api/queues";
import { useHere } from "../app/project";
import { labelOf, SENTIMENT_TEXT, SentimentMark, sentimentOf } from "../review/sentiment";
import { useReviews } from "../review/useReviews";
import { cx } from "../ui/cx";
import { day } from "../ui/dates";
import { count, duration, oneLine } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Remarks } from "./Remarks";
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
            <Part key={one.key} title={one.type === "correction" ? "Corrections" : one.display_name}>
              <Bars one={one} />
            </Part>
          ))}
        </>
      )}
      {any && queue.blind && queue.progress.completed < queue.progress.total && (
        <p className="max-w-[64ch] text-sm text-ink-2 lg:col-span-2">
          This queue is blind: what others said of an item that is not complete is left out for whoever judges it too,
          here and in exports.
        </p>
      )}
      {summary.trouble.length > 0 && (
        <div className="min-w-0 lg:col-span-2">
          <Part title="Items in trouble">
            <ul className="border-t">
              {summary.trouble.map((item) => (
                <Trouble key={item.item_id} item={item} queue={queue.id} />
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

/** Options in the order in which they are asked, numbers by size. */
function inOrder({ type, values }: QueueBars, options: string[]): QueueBars["values"] {
  const place = (value: unknown) => (type === "range" ? Number(value) : options.indexOf(String(value)));
  return [...values].sort((one, other) => place(one.value) - place(other.value));
}

function Bars({ one }: { one: QueueBars }) {
  const { key, type, total } = one;
  const review = useReviews().byKey.get(key);
  const bars = inOrder(one, type === "boolean" ? ["true", "false"] : (review?.options ?? []).map(({ value }) => value));
  if (total === 0) return <p className="text-sm text-ink-3">No answers yet.</p>;
  if (type === "correction")
    return (
      <p className="text-sm text-ink-2">
        {count(total)} {total === 1 ? "answer" : "answers"} corrected, or confirmed as{" "}
        {total === 1 ? "it is" : "they are"}.
      </p>
    );
  if (bars.length === 0 || type === "text")
    return (
      <p className="text-sm text-ink-2">
        {count(total)} written {total === 1 ? "answer" : "answers"}.
      </p>
    );
  return (
    <ul className="flex flex-col gap-1.5 text-sm">
      {bars.map(({ value, count: many }) => {
        const sentiment = sentimentOf(review, value);
        const label = type === "boolean" ? (value === true ? "yes" : "no") : labelOf(review, String(value));
        return (
          <li key={String(value)} className="grid grid-cols-[minmax(72px,30%)_minmax(0,1fr)_auto] items-center gap-3">
            <span className={cx("flex min-w-0 items-center gap-1.5", SENTIMENT_TEXT[sentiment])}>
              {sentiment !== "neutral" && <SentimentMark sentiment={sentiment} size={12} />}
              <span className="truncate" title={label} dir="auto">
                {label}
              </span>
            </span>
            <span aria-hidden className="h-2 rounded-full bg-well">
              <span
                className="block h-full rounded-full bg-line-strong"
                style={{ width: `${(100 * many) / Math.max(1, total)}%` }}
              />
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

function Trouble({ item, queue }: { item: QueueTrouble; queue: string }) {
  const { project } = useHere();
  const times = (many: number, what: string) => many > 0 && `${what} ${many === 1 ? "once" : `${count(many)} times`}`;
  const why = [
    times(item.flags, "flagged"),
    times(item.declines, "declined"),
    times(item.lapses, "left unfinished"),
  ].filter(Boolean);
  return (
    <li className="grid min-w-0 gap-1.5 border-b py-2 text-sm">
      <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-1">
        <Link
          to="/p/$project/queues/$queue"
          params={{ project: project.key, queue }}
          search={{
            tab: "items",
            ...(item.flags > 0 ? { state: "flagged" } : item.declines > 0 ? { state: "declined" } : {}),
          }}
          className="min-w-0 flex-1 basis-60 truncate hover:underline"
          dir="auto"
        >
          {oneLine(item.input) || item.name || item.item_id}
        </Link>
        <span className="flex shrink-0 items-center gap-1.5 text-warn">
          <Flag size={14} aria-hidden />
          {why.join(", ")}
        </span>
      </div>
      <Remarks of={item.remarks} />
    </li>
  );
}
