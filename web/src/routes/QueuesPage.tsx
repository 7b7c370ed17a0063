import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { asApiError } from "../api/error";
import type { Queue } from "../api/queues";
import { may, useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Bar } from "../queues/ProgressBar";
import { queueListQuery } from "../queues/queries";
import { useQueuesApi } from "../queues/useDesk";
import { day } from "../ui/dates";
import { count } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";

const PRIMARY =
  "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-[6px] bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-hover pointer-coarse:h-11";

/** The annotation queues of the project: what is to be judged, and how far it is. */
export function QueuesPage() {
  const here = useHere();
  const { project } = here;
  const api = useQueuesApi();
  const query = useQuery(queueListQuery(api, project.key));
  const again = useThrottled(() => void query.refetch(), 2000);
  useLive(({ counts }) => {
    if (counts["queue.updated"]) again();
  });
  const defines = may(here, "define");
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[1040px] px-4 py-6 lg:px-8">
        <div className="mb-1 flex min-h-8 items-center gap-3">
          <h1 className="min-w-0 flex-1 text-lg font-semibold">Queues</h1>
          {defines && (
            <Link
              to="/p/$project/queues/$queue/edit"
              params={{ project: project.key, queue: "new" }}
              className={PRIMARY}
            >
              <Plus size={16} aria-hidden /> New queue
            </Link>
          )}
        </div>
        <p className="mb-6 max-w-[64ch] text-ink-2">
          Conversations to judge, one after the other, by the people who know.
        </p>
        {query.isPending && <Skeleton lines={5} className="px-0" />}
        {query.error && <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />}
        {query.data?.length === 0 && (
          <Empty title={defines ? "No queue yet" : "There is nothing to review"}>
            {defines
              ? "A queue puts conversations before people, in the order you choose, and asks the questions you choose. Make one, then add traces to it from the list of traces."
              : "When somebody adds you to the reviewers of a queue, it appears here."}
          </Empty>
        )}
        {query.data && query.data.length > 0 && (
          <ul aria-label="Queues" className="border-t">
            {query.data.map((queue) => (
              <Row key={queue.id} queue={queue} project={project.key} reads={may(here, "read")} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Row({ queue, project, reads }: { queue: Queue; project: string; reads: boolean }) {
  const { progress } = queue;
  const { left, submitted } = progress.mine;
  const late =
    queue.due_at !== undefined && Date.parse(queue.due_at) < Date.now() && progress.completed < progress.total;
  const params = { project, queue: queue.id };
  return (
    <li className="grid items-center gap-x-6 gap-y-2 border-b py-3 sm:grid-cols-[minmax(0,1fr)_minmax(160px,240px)_112px]">
      <div className="min-w-0">
        {reads ? (
          <Link to="/p/$project/queues/$queue" params={params} className="font-medium break-words hover:underline">
            {queue.display_name}
          </Link>
        ) : queue.may_review ? (
          <Link
            to="/p/$project/queues/$queue/review"
            params={params}
            className="font-medium break-words hover:underline"
          >
            {queue.display_name}
          </Link>
        ) : (
          <span className="font-medium break-words">{queue.display_name}</span>
        )}
        {queue.description && <p className="line-clamp-2 text-sm text-ink-2">{queue.description}</p>}
        {queue.due_at && (
          <p className={late ? "text-xs text-warn" : "text-xs text-ink-3"}>
            {late ? "was due" : "due"} {day(queue.due_at)}
          </p>
        )}
      </div>
      <div className="num text-sm text-ink-2">
        <Bar progress={progress} own={queue.may_review} />
        <p className="mt-1">
          {progress.total === 0
            ? "No items yet"
            : `${count(progress.completed)} of ${count(progress.total)} complete${queue.may_review && left > 0 ? `, ${count(left)} for you` : ""}`}
        </p>
      </div>
      <div className="flex sm:justify-end">
        {queue.may_review && (left > 0 || progress.total === 0 || submitted === 0) ? (
          <Link
            to="/p/$project/queues/$queue/review"
            params={params}
            aria-label={`Review ${queue.display_name}`}
            className={progress.total > 0 && left > 0 ? PRIMARY : `${PRIMARY} invisible`}
          >
            Review
          </Link>
        ) : (
          queue.may_review && (
            <Link
              to="/p/$project/queues/$queue/review"
              params={params}
              aria-label={`Look at what you judged in ${queue.display_name}`}
              className="text-sm text-ink-2 underline hover:text-ink"
            >
              all yours done
            </Link>
          )
        )}
      </div>
    </li>
  );
}
