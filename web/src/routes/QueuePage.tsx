import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft, Download, Pencil, Play, Trash2, UserPlus } from "lucide-react";
import { useEffect, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Items } from "../queues/Items";
import { Overview } from "../queues/Overview";
import { Bar } from "../queues/ProgressBar";
import { QueueInvite } from "../queues/QueueInvite";
import { queueQuery } from "../queues/queries";
import { useQueuesApi } from "../queues/useDesk";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { count } from "../ui/format";
import { Menu } from "../ui/Menu";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Tabs } from "../ui/Tabs";
import { toast } from "../ui/Toast";

const route = getRouteApi("/inside/p/$project/queues/$queue");
const LINK = "inline-flex h-8 items-center gap-1.5 rounded-[6px] px-3 text-sm pointer-coarse:h-11";

/** One queue: how far it is, what people said, and its items. */
export function QueuePage() {
  const here = useHere();
  const { project } = here;
  const { queue: id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const api = useQueuesApi();
  const query = useQuery(queueQuery(api, project.key, id));
  const [asking, setAsking] = useState<"remove" | "invite">();
  const again = useThrottled(() => void client.invalidateQueries({ queryKey: [project.key, "queue", id] }), 1500);
  useLive(({ counts }) => {
    if (counts["queue.updated"]) again();
  });
  const reads = may(here, "read");
  useEffect(() => {
    // Whoever only reviews has nothing to manage here.
    if (!reads)
      void navigate({
        to: "/p/$project/queues/$queue/review",
        params: { project: project.key, queue: id },
        replace: true,
      });
  }, [reads, navigate, project.key, id]);
  if (query.isPending || !reads) return <Skeleton lines={6} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  const queue = query.data;
  const defines = may(here, "define");
  const params = { project: project.key, queue: id };
  const tab = search.tab ?? "overview";
  const keep = (format: "csv" | "jsonl") =>
    void api
      .export(id, format, `answers ${queue.display_name}`)
      .catch((cause: unknown) => toast(asApiError(cause).message, { bad: true }));
  const { progress } = queue;
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[1200px] px-4 py-5 lg:px-8">
        <Link
          to="/p/$project/queues"
          params={{ project: project.key }}
          className="mb-2 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink"
        >
          <ArrowLeft size={14} aria-hidden /> Queues
        </Link>
        <div className="mb-3 flex flex-wrap items-center gap-2">
          <h1 className="mr-auto min-w-0 text-lg font-semibold break-words max-sm:w-full">{queue.display_name}</h1>
          <Menu
            align="end"
            trigger={
              <Button aria-label="Export the answers" disabled={progress.answers === 0}>
                <Download size={14} aria-hidden /> Export
              </Button>
            }
            entries={[
              { id: "csv", label: "Answers as CSV", run: () => keep("csv") },
              { id: "jsonl", label: "Answers as JSONL", run: () => keep("jsonl") },
            ]}
          />
          {defines && (
            <>
              {may(here, "admin") && (
                <Button onClick={() => setAsking("invite")}>
                  <UserPlus size={14} aria-hidden /> Invite
                </Button>
              )}
              <Link
                to="/p/$project/queues/$queue/edit"
                params={params}
                className={`${LINK} border border-line-strong bg-sheet hover:bg-hover`}
              >
                <Pencil size={14} aria-hidden /> Edit
              </Link>
              <Button look="danger" aria-label="Remove the queue" onClick={() => setAsking("remove")}>
                <Trash2 size={14} aria-hidden />
              </Button>
            </>
          )}
          {queue.may_review && (
            <Link
              to="/p/$project/queues/$queue/review"
              params={params}
              className={`${LINK} bg-accent font-medium text-on-accent hover:bg-accent-hover`}
            >
              <Play size={14} aria-hidden /> Review
            </Link>
          )}
        </div>
        {queue.description && <p className="mb-3 max-w-[72ch] text-ink-2">{queue.description}</p>}
        <div className="mb-4 grid items-center gap-x-6 gap-y-2 sm:grid-cols-[minmax(160px,360px)_minmax(0,1fr)]">
          <Bar progress={progress} own={false} />
          <p className="num text-sm text-ink-2">
            {count(progress.completed)} of {count(progress.total)} complete · {count(progress.to_do)} to do ·{" "}
            {count(progress.in_review)} in review · {count(progress.needs_others)} need others
            {progress.orphaned > 0 && ` · ${count(progress.orphaned)} whose trace is gone`}
          </p>
        </div>
        <div className="-mx-3 mb-4 border-b">
          <Tabs
            label="Parts of the queue"
            panel="queue-panel"
            value={tab}
            onChange={(to) => void navigate({ search: to === "overview" ? {} : { tab: to }, replace: true })}
            tabs={[
              { id: "overview", label: "Overview" },
              { id: "items", label: "Items", count: progress.total },
            ]}
          />
        </div>
        <div id="queue-panel" role="tabpanel" aria-labelledby={`queue-panel-${tab}`}>
          {tab === "overview" ? (
            <Overview queue={queue} />
          ) : (
            <Items
              queue={queue}
              state={search.state}
              onState={(state) =>
                void navigate({ search: { tab: "items", ...(state ? { state } : {}) }, replace: true })
              }
            />
          )}
        </div>
      </div>
      <QueueInvite open={asking === "invite"} onClose={() => setAsking(undefined)} queue={queue} />
      <Confirm
        open={asking === "remove"}
        onClose={() => setAsking(undefined)}
        title={`Remove ${queue.display_name}?`}
        action="Remove the queue"
        run={async () => {
          await api.remove(id);
          await client.invalidateQueries({ queryKey: [project.key, "queues"] });
          toast(`${queue.display_name} is removed`);
          void navigate({ to: "/p/$project/queues", params: { project: project.key } });
        }}
      >
        <p>Its items and drafts go with it. What people said of the conversations stays.</p>
      </Confirm>
    </div>
  );
}
