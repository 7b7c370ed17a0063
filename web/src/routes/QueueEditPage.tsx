import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { asApiError } from "../api/error";
import type { Queue } from "../api/queues";
import { may, useHere } from "../app/project";
import { carried, putDown } from "../queues/carried";
import { type Draft, draftOf, empty, inputOf, problems } from "../queues/draft";
import { QueueForm } from "../queues/QueueForm";
import { queueQuery } from "../queues/queries";
import { useQueuesApi } from "../queues/useDesk";
import { keepDraft, readDraft } from "../review/drafts";
import { Button } from "../ui/Button";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";

const route = getRouteApi("/inside/p/$project/queues/$queue/edit");

/** A queue, made or changed. */
export function QueueEditPage() {
  const here = useHere();
  const { queue: id } = route.useParams();
  const api = useQueuesApi();
  const isNew = id === "new";
  const query = useQuery({ ...queueQuery(api, here.project.key, id), enabled: !isNew });
  if (!may(here, "define"))
    return <ErrorPanel error={{ status: 403, message: "A developer or an admin can make and change queues." }} />;
  if (isNew) return <Editor queue={undefined} />;
  if (query.isPending) return <Skeleton lines={6} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  return <Editor queue={query.data} />;
}

function begun(place: string, saved: Draft): Draft {
  try {
    return { ...saved, ...(JSON.parse(readDraft(place) ?? "{}") as Partial<Draft>) };
  } catch {
    return saved;
  }
}

function Editor({ queue }: { queue: Queue | undefined }) {
  const { project } = useHere();
  const api = useQueuesApi();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const { carry } = route.useSearch();
  const brought = carried(project.key, !queue && carry === true);
  const place = `queue-form ${project.key} ${queue?.id ?? "new"} ${queue?.updated_at ?? ""}`;
  const [saved] = useState(() => (queue ? draftOf(queue) : empty()));
  const [draft, setDraft] = useState(() => begun(place, saved));
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const kept = JSON.stringify(draft) !== JSON.stringify(saved);
  const set = (to: Partial<Draft>) => {
    const next = { ...draft, ...to };
    setDraft(next);
    keepDraft(place, JSON.stringify(next));
  };
  const wrong = problems(draft);
  const addBrought = async (made: Queue) => {
    if (!brought) return;
    try {
      toast((await brought.add(made.id, made.display_name)) ?? `Adding ${brought.what} to ${made.display_name}`);
    } catch (cause) {
      const { message } = asApiError(cause);
      toast(`${made.display_name} is made, but ${brought.what} could not be added: ${message}`, { bad: true });
    }
    putDown();
    for (const what of ["traces", "trace", "span", "logs"])
      void client.invalidateQueries({ queryKey: [project.key, what] });
  };
  const save = async () => {
    const body = inputOf(draft, queue);
    const made = queue ? await api.change(queue.id, body) : await api.create(body);
    const before = made.reviewers.map(({ id }) => id);
    const added = draft.reviewers.filter((id) => !before.includes(id));
    const gone = before.filter((id) => !draft.reviewers.includes(id));
    await Promise.all([
      ...added.map((id) => api.addReviewer(made.id, id)),
      ...gone.map((id) => api.removeReviewer(made.id, id)),
    ]);
    keepDraft(place, undefined);
    // The queue is made by then: what cannot be added is told beside it.
    await addBrought(made);
    await Promise.all([
      client.invalidateQueries({ queryKey: [project.key, "queues"] }),
      client.invalidateQueries({ queryKey: [project.key, "queue", made.id] }),
    ]);
    if (queue) toast("Saved");
    else if (!brought) toast(`${made.display_name} is made: add traces to it from the list of traces`);
    void navigate({ to: "/p/$project/queues/$queue", params: { project: project.key, queue: made.id } });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length === 0) void run(save);
    else requestAnimationFrame(() => document.querySelector<HTMLElement>("main [aria-invalid=true]")?.focus());
  };
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[760px] px-4 py-6 lg:px-8">
        <Link
          {...(queue
            ? { to: "/p/$project/queues/$queue" as const, params: { project: project.key, queue: queue.id } }
            : { to: "/p/$project/queues" as const, params: { project: project.key } })}
          className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink"
        >
          <ArrowLeft size={14} aria-hidden /> {queue?.display_name ?? "Queues"}
        </Link>
        <h1 className="mb-5 text-lg font-semibold">
          {queue ? `Edit ${queue.display_name}` : brought ? `New queue for ${brought.what}` : "New queue"}
        </h1>
        {brought && (
          <p className="-mt-3 mb-5 text-sm text-ink-2">What you selected is added as soon as the queue is made.</p>
        )}
        <form onSubmit={submit} noValidate>
          <QueueForm draft={draft} set={set} wrong={tried ? wrong : {}} />
          {tried && Object.keys(wrong).length > 0 && (
            <p role="alert" className="mb-3 text-sm text-bad">
              Something above is still missing.
            </p>
          )}
          {error && (
            <div className="mb-3">
              <ErrorLine error={error} />
            </div>
          )}
          <div className="flex items-center gap-2 border-t pt-4">
            <Button look="primary" type="submit" disabled={busy}>
              {queue ? "Save" : brought ? `Make the queue and add ${brought.what}` : "Make the queue"}
            </Button>
            {kept && (
              <Button
                look="quiet"
                onClick={() => {
                  keepDraft(place, undefined);
                  setDraft(saved);
                }}
              >
                Discard changes
              </Button>
            )}
          </div>
        </form>
      </div>
    </div>
  );
}
