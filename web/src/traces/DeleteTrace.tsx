import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { asApiError } from "../api/error";
import type { TraceExtent } from "../api/types";
import { may, useHere } from "../app/project";
import { IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { count } from "../ui/format";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";

/** Deletes the trace that is open, after saying what goes with it. For admins. */
export function DeleteTrace({ id, onDeleted }: { id: string; onDeleted: () => void }) {
  const here = useHere();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const extent = useQuery({
    queryKey: [here.project.key, "extent", id],
    queryFn: () => here.api.traceExtent(id),
    enabled: asking,
    staleTime: 0,
  });
  if (!may(here, "admin")) return null;
  const run = async () => {
    await here.api.deleteTrace(id);
    onDeleted();
    toast("The trace is deleted");
    for (const name of ["traces", "histogram", "matching", "queues", "datasets"])
      void client.invalidateQueries({ queryKey: [here.project.key, name] });
  };
  return (
    <>
      <IconButton name="Delete the trace" className="size-8 max-md:hidden" onClick={() => setAsking(true)}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
      <Confirm open={asking} onClose={() => setAsking(false)} title="Delete this trace?" action="Delete" run={run}>
        {extent.error ? (
          <ErrorLine error={asApiError(extent.error)} />
        ) : (
          <p role="status">{extent.data ? `With it go ${said(extent.data)}.` : "Looking at what goes with it…"}</p>
        )}
        <p>Its media that nothing else shows go too. This cannot be undone.</p>
      </Confirm>
    </>
  );
}

/** What goes, in words: "2 spans, 1 annotation and 1 queue item". */
export function said(extent: TraceExtent): string {
  const parts = (
    [
      [extent.spans, "span", "spans"],
      [extent.annotations, "annotation", "annotations"],
      [extent.evaluator_results, "evaluator result", "evaluator results"],
      [extent.queue_items, "queue item", "queue items"],
      [extent.datapoints, "datapoint", "datapoints"],
    ] as const
  )
    .filter(([number]) => number > 0)
    .map(([number, one, many]) => `${count(number)} ${number === 1 ? one : many}`);
  return parts.length < 2 ? (parts[0] ?? "nothing else") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
