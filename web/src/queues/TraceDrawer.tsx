import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState } from "react";
import { asApiError } from "../api/error";
import type { Review } from "../api/queues";
import { useHere } from "../app/project";
import { useKeyName } from "../keys/keymap";
import { useCommand } from "../keys/useCommand";
import { SpanDetail } from "../trace/SpanDetail";
import { SpanTree } from "../trace/SpanTree";
import { IconButton } from "../ui/Button";
import { ErrorPanel, Skeleton } from "../ui/State";
import { useQueuesApi } from "./useDesk";

const NONE: ReadonlySet<string> = new Set();

/** The whole trace of an item, over its conversation: the form stays where it is, and can be used. */
export function TraceDrawer({ queue, review, onClose }: { queue: string; review: Review; onClose: () => void }) {
  const { project } = useHere();
  const api = useQueuesApi();
  const { id } = review.item;
  const [chosen, setChosen] = useState(review.reviewed_span_id ?? review.item.span_id);
  const [tab, setTab] = useState<string>();
  const spans = useQuery({
    queryKey: [project.key, "queue-item", id, "spans"],
    queryFn: async () => (await api.spans(queue, id)).data,
  });
  const at = chosen ?? spans.data?.[0]?.span_id;
  const span = useQuery({
    queryKey: [project.key, "queue-item", id, "span", at],
    queryFn: async () => (await api.span(queue, id, at ?? "")).span,
    enabled: at !== undefined,
    placeholderData: keepPreviousData,
  });
  useCommand("close-panel", onClose);
  const error = spans.error ?? span.error;
  return (
    <aside aria-label="Whole trace" className="absolute inset-0 z-20 flex flex-col border-r bg-paper">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b pr-1 pl-4">
        <h2 className="flex-1 text-sm font-semibold">Whole trace</h2>
        <IconButton name="Close the trace" shortcut={useKeyName("whole-trace")} onClick={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      {error ? (
        <ErrorPanel error={asApiError(error)} retry={() => void Promise.all([spans.refetch(), span.refetch()])} />
      ) : (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] max-md:grid-rows-[minmax(0,2fr)_minmax(0,3fr)] md:grid-cols-[minmax(180px,34%)_minmax(0,1fr)]">
          <div className="flex min-h-0 min-w-0 flex-col max-md:border-b md:border-r">
            {spans.data ? (
              <SpanTree spans={spans.data} chosen={at} annotated={NONE} onChoose={setChosen} />
            ) : (
              <Skeleton lines={6} />
            )}
          </div>
          <div className="min-h-0 min-w-0">
            {span.data ? (
              <SpanDetail span={span.data} tab={tab} onTab={setTab} onSpan={setChosen} />
            ) : (
              <Skeleton lines={8} />
            )}
          </div>
        </div>
      )}
    </aside>
  );
}
