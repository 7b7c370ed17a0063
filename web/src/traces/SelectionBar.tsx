import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TraceSummary } from "../api/types";
import { may, useHere } from "../app/project";
import { AddToDataset } from "../datasets/AddToDataset";
import { useDatasets } from "../datasets/queries";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { AddToQueue } from "../queues/AddToQueue";
import { useQueuesApi } from "../queues/useDesk";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { count } from "../ui/format";
import { BulkAnnotate } from "./BulkAnnotate";
import { asSource } from "./matching";
import { ProgressLine } from "./ProgressLine";
import { useBulk } from "./useBulk";
import type { Selection } from "./useSelection";
import type { useTraces } from "./useTraces";

/** What is selected and what can be done with it, and how far the last such thing is. */
export function SelectionBar({
  selection,
  marked,
  body,
  reread,
}: {
  selection: Selection;
  /** The trace that is marked in the list, for what needs no selection. */
  marked: TraceSummary | undefined;
  body: ReturnType<typeof useTraces>["body"];
  reread: () => unknown;
}) {
  const here = useHere();
  const queues = useQueuesApi();
  const { api: datasets } = useDatasets();
  const [asking, setAsking] = useState(false);
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const { progress, start, cancel } = useBulk(() => void reread());
  const { sort: _, ...question } = body;
  const all = useQuery({
    queryKey: [here.project.key, "matching", question],
    queryFn: async () => (await here.api.aggregateTraces(question)).data[0]?.metrics.count ?? 0,
    enabled: selection.size > 0,
    staleTime: 5000,
  });
  const some = selection.size > 0;
  const canAnnotate = some && may(here, "annotate");
  useCommand("select-matching", selection.selectMatching, { when: some });
  useCommand("annotate-selected", () => setAsking(true), { when: canAnnotate });
  const canAdd = may(here, "annotate") && (some || Boolean(marked));
  useCommand("add-to-queue", () => setAdding(true), { when: canAdd });
  const total = selection.matching ? all.data : selection.size;
  const what = total === undefined ? "…" : `${count(total)} ${total === 1 ? "trace" : "traces"}`;
  // More are not named one by one.
  const tooMany = !selection.matching && selection.size > 1000;
  const picker = (
    <AddToQueue
      open={adding}
      onClose={() => setAdding(false)}
      what={some ? what : "this trace"}
      most={some && !selection.matching && selection.size > 1000}
      {...(some && selection.matching
        ? {
            matching: (queue) =>
              start(() => queues.addMatching(queue, { ...question, kind: "trace" })).then(selection.clear),
          }
        : {
            items: (some ? selection.ids : marked ? [marked.trace_id] : []).map((trace_id) => ({ trace_id })),
            onAdded: selection.clear,
          })}
    />
  );
  if (!some && !progress) return picker;
  return (
    <section
      aria-label="Selection"
      className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b bg-well px-3 py-1 text-sm"
    >
      {some && (
        <>
          <span role="status" className="num font-medium">
            {selection.matching ? `All ${what} that match` : `${count(selection.size)} selected`}
          </span>
          {canAnnotate && (
            <Button small onClick={() => setAsking(true)}>
              Annotate <Key id="annotate-selected" />
            </Button>
          )}
          {canAdd && (
            <Button small onClick={() => setAdding(true)}>
              Add to queue <Key id="add-to-queue" />
            </Button>
          )}
          <AddToDataset
            look="button"
            what={what}
            sources={selection.ids.map(asSource)}
            {...(selection.matching
              ? {
                  matching: (dataset) => start(() => datasets.takeMatching(dataset, question)).then(selection.clear),
                }
              : { onAdded: selection.clear })}
          />
          {some && may(here, "admin") && (
            <Button small look="danger" disabled={total === undefined || tooMany} onClick={() => setDeleting(true)}>
              Delete
            </Button>
          )}
          {!selection.matching && all.data !== undefined && all.data > selection.size && (
            <Button small look="quiet" onClick={selection.selectMatching}>
              Select all {count(all.data)} that match <Key id="select-matching" />
            </Button>
          )}
          <Button small look="quiet" onClick={selection.clear}>
            End the selection
          </Button>
        </>
      )}
      <span className="flex-1" />
      {progress && <ProgressLine progress={progress} cancel={cancel} />}
      {picker}
      <Confirm
        open={deleting}
        onClose={() => setDeleting(false)}
        title={`Delete ${what}?`}
        action={`Delete ${what}`}
        run={() => {
          const which = selection.matching ? question : { trace_ids: selection.ids };
          return start(() => here.api.deleteTraces(which)).then(selection.clear);
        }}
      >
        <p>
          With each go its spans, what people and machines said of it, its items in queues, and the datapoints that were
          taken from it. This cannot be undone.
        </p>
      </Confirm>
      <BulkAnnotate
        open={asking}
        onClose={() => setAsking(false)}
        what={what}
        run={(key, value) => {
          const which = selection.matching ? question : { trace_ids: selection.ids };
          return start(() => here.api.annotateMany({ annotations: [{ key, value }], ...which })).then(selection.clear);
        }}
        most={selection.matching ? undefined : 1000}
        size={selection.size}
      />
    </section>
  );
}
