import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { asApiError } from "../api/error";
import type { Job } from "../api/types";
import { useHere } from "../app/project";
import { useLive } from "../app/useLive";
import { count } from "../ui/format";
import { toast } from "../ui/Toast";

export type Progress = Pick<Job, "kind" | "total" | "done" | "failed">;

const STORED = "postil.job";

/** What a job does to traces, while it does it and when it has. */
export const doing = (kind: string) =>
  kind === "add_to_queue"
    ? { now: "Adding to the queue", done: "added to the queue" }
    : kind === "automation_back_fill"
      ? { now: "Back-filling", done: "looked at by the automation" }
      : kind === "add_to_dataset"
        ? { now: "Adding to the dataset", done: "added to the dataset" }
        : kind.startsWith("delete_")
          ? { now: "Deleting", done: "deleted" }
          : { now: "Annotating", done: "annotated" };

function tell(job: Job): void {
  const traces = `${count(job.done)} ${job.done === 1 ? "trace" : "traces"}`;
  const { done } = doing(job.kind);
  if (job.kind === "delete_project" && job.state === "done") toast("The project is deleted for good");
  else if (job.state === "done")
    toast(job.failed > 0 ? `${traces} ${done}, ${count(job.failed)} are gone` : `${traces} ${done}`);
  else if (job.state === "canceled") toast(`Stopped: ${traces} were ${done}`);
  else toast(`After ${traces}: ${job.error ?? "the work could not go on."}`, { bad: true });
}

/** Work on many traces, followed until it ends; also across a reload of the page. Each place follows its own. */
export function useBulk(onEnd: () => void, place = "") {
  const { api, project } = useHere();
  const queries = useQueryClient();
  const stored = [STORED, project.key, place].filter(Boolean).join(".");
  const [id, setId] = useState(() => sessionStorage.getItem(stored) ?? "");
  const follow = (next: string) => {
    setId(next);
    if (next) sessionStorage.setItem(stored, next);
    else sessionStorage.removeItem(stored);
  };
  const job = useQuery({
    queryKey: [project.key, "job", id],
    queryFn: () => api.job(id),
    enabled: id !== "",
    staleTime: 0,
    // What happens is told; this is for when it is not.
    refetchInterval: 5000,
  });
  useLive(({ counts }) => {
    if (id && counts["job.updated"]) void job.refetch();
  });
  const ended = job.data && !["queued", "running"].includes(job.data.state) ? job.data : undefined;
  const gone = job.error && asApiError(job.error).status === 404;
  useEffect(() => {
    if (ended) tell(ended);
    if (ended || gone) follow("");
    if (ended) onEnd();
  });
  const start = async (begin: () => Promise<Job>) => {
    const begun = await begin();
    queries.setQueryData([project.key, "job", begun.id], begun);
    follow(begun.id);
  };
  const cancel = () =>
    void api.cancelJob(id).then(
      () => job.refetch(),
      (cause) => toast(asApiError(cause).message, { bad: true }),
    );
  return { progress: id ? (job.data satisfies Progress | undefined) : undefined, start, cancel };
}
