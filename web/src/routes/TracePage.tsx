import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { AddToDataset } from "../datasets/AddToDataset";
import { runCommand, useCommand } from "../keys/useCommand";
import { AddToQueue } from "../queues/AddToQueue";
import { Margin } from "../review/Margin";
import { useReviews } from "../review/useReviews";
import { LinkedTraces } from "../trace/LinkedTraces";
import { spanQuery, spansQuery, traceQuery } from "../trace/queries";
import { SpanDetail } from "../trace/SpanDetail";
import { SpanTree } from "../trace/SpanTree";
import { firstSpan, withoutReplies } from "../trace/tree";
import { DeleteTrace } from "../traces/DeleteTrace";
import { useNeighbours } from "../traces/neighbours";
import { TraceHead } from "../traces/TraceHead";
import { useFollowTrace } from "../traces/useFollow";
import { cx } from "../ui/cx";
import type { Fault } from "../ui/fault";
import { warmMarkdown } from "../ui/Markdown";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Tabs } from "../ui/Tabs";
import { toast } from "../ui/Toast";
import { useMedia } from "../ui/useMedia";

const route = getRouteApi("/inside/p/$project/traces/$trace");

/** What the first trace that is opened need not do then. */
export const warm = warmMarkdown;

type Pane = "tree" | "span" | "margin";

const MISSING = "This project has no trace with this id. It may have been removed, or be in another project.";

/** What the API calls by two ids, in words. */
const sayMissing = (fault: Fault): Fault =>
  fault.status === 404 ? { status: 404, message: MISSING, requestId: fault.requestId } : fault;

/** One trace: its spans, the span that is chosen, and the margin to write in. */
export function TracePage() {
  const here = useHere();
  const { trace: id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const wide = useMedia("(min-width: 900px)");
  const [pane, setPane] = useState<Pane>("span");
  const summary = useQuery(traceQuery(here, id));
  const spans = useQuery(spansQuery(here, id));
  useFollowTrace(id);
  const { leading, close } = useNeighbours();
  const chosen = search.span ?? leading ?? (spans.data && firstSpan(spans.data, summary.data?.trace.leading_span_id));
  const sources = chosen ? [{ trace_id: id, span_id: chosen }] : [];
  const ready = Boolean(chosen) && !(search.span === undefined && leading === undefined && summary.isPending);
  const span = useQuery({
    ...spanQuery(here, id, chosen ?? ""),
    enabled: ready,
    placeholderData: keepPreviousData,
  });
  const shown = useMemo(() => spans.data && withoutReplies(spans.data, chosen), [spans.data, chosen]);
  const annotated = useMemo(
    () => new Set(summary.data?.trace.annotations?.map(({ span_id }) => span_id)),
    [summary.data],
  );
  const choose = (to: string) =>
    void navigate({ to: ".", search: (before) => ({ ...before, span: to }), replace: true });
  const copyLink = () => {
    const url = new URL(window.location.href);
    if (chosen) url.searchParams.set("span", chosen);
    void navigator.clipboard?.writeText(url.href).then(() => toast("Link to this span copied"));
  };
  useCommand("copy-link", copyLink);
  const [adding, setAdding] = useState(false);
  useCommand("add-to-queue", () => setAdding(true), { when: Boolean(chosen) && may(here, "annotate") });
  const { list: reviews } = useReviews();
  useCommand(
    "correct",
    () => {
      setPane("margin");
      const key = reviews.find(({ type }) => type === "correction")?.key ?? "";
      // Where there is little room the margin comes into the page first.
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>(`[data-question="${CSS.escape(key)}"] textarea`)?.focus(),
      );
    },
    { when: reviews.some(({ type }) => type === "correction") },
  );
  const fault = spans.error ?? summary.error;
  const error = fault && sayMissing(asApiError(fault));
  const trace = summary.data?.trace;
  const tree = shown && (
    <SpanTree
      spans={shown}
      chosen={chosen}
      annotated={annotated}
      onChoose={(to) => {
        choose(to);
        if (!wide) setPane("span");
      }}
    />
  );
  const detail = span.data ? (
    <SpanDetail
      span={span.data}
      onSpan={choose}
      tab={search.tab}
      onTab={(tab) => void navigate({ to: ".", search: (before) => ({ ...before, tab }), replace: true })}
    />
  ) : span.error ? (
    <ErrorPanel error={asApiError(span.error)} retry={() => void span.refetch()} />
  ) : (
    <Skeleton lines={8} />
  );
  const shownSpan = span.data?.summary.trace_id === id && span.data.summary.span_id === chosen ? span.data : undefined;
  const margin = chosen && ready && (
    <Margin key={`${id} ${chosen}`} traceId={id} spanId={chosen} evaluations={shownSpan?.evaluations ?? []} />
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <TraceHead
        id={id}
        trace={trace}
        copyLink={copyLink}
        toggleList={() => runCommand("toggle-list")}
        addToQueue={may(here, "annotate") ? () => setAdding(true) : undefined}
        actions={
          <>
            <AddToDataset look="icon" what="this span" sources={sources} />
            <DeleteTrace id={id} onDeleted={close} />
          </>
        }
      />
      <AddToQueue open={adding} onClose={() => setAdding(false)} what="this span" items={sources} whole={id} />
      <LinkedTraces links={summary.data?.linked_traces ?? []} />
      {error ? (
        <ErrorPanel error={error} retry={() => void Promise.all([spans.refetch(), summary.refetch()])} />
      ) : wide ? (
        <div
          className={cx(
            "grid min-h-0 flex-1",
            search.alone
              ? "grid-cols-[minmax(220px,28%)_minmax(0,1fr)_minmax(280px,25%)]"
              : "grid-cols-[minmax(200px,24%)_minmax(0,1fr)_minmax(272px,27%)]",
          )}
        >
          <div className="flex min-h-0 min-w-0 flex-col border-r">{tree ?? <Skeleton lines={6} />}</div>
          <div className="min-h-0 min-w-0">{detail}</div>
          <div className="min-h-0 border-l">{margin}</div>
        </div>
      ) : (
        <>
          <div className="border-b">
            <Tabs
              label="Parts of the trace"
              panel="trace-pane"
              value={pane}
              onChange={setPane}
              tabs={[
                { id: "tree", label: "Steps", count: shown?.length },
                { id: "span", label: "Conversation" },
                { id: "margin", label: "Judge" },
              ]}
            />
          </div>
          <div
            id="trace-pane"
            role="tabpanel"
            aria-labelledby={`trace-pane-${pane}`}
            className="flex min-h-0 flex-1 flex-col"
          >
            {pane === "tree" ? tree : pane === "span" ? detail : margin}
          </div>
        </>
      )}
    </div>
  );
}
