import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, Link as LinkIcon, PanelLeft, X } from "lucide-react";
import { useMemo, useState } from "react";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { useKeyName } from "../keys/keymap";
import { useCommand } from "../keys/useCommand";
import { Margin } from "../review/Margin";
import { SpanDetail } from "../trace/SpanDetail";
import { SpanTree } from "../trace/SpanTree";
import { firstSpan } from "../trace/tree";
import { useNeighbours } from "../traces/neighbours";
import { IconButton } from "../ui/Button";
import { CopyText } from "../ui/Copy";
import { cx } from "../ui/cx";
import { count, duration, money, tokens } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { Status } from "../ui/Status";
import { Tabs } from "../ui/Tabs";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { useMedia } from "../ui/useMedia";

const route = getRouteApi("/inside/p/$project/traces/$trace");

type Pane = "tree" | "span" | "margin";

/** One trace: its spans, the span that is chosen, and the margin to write in. */
export function TracePage() {
  const { api, project } = useHere();
  const { trace: id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { previous, next, close } = useNeighbours();
  const wide = useMedia("(min-width: 900px)");
  const [pane, setPane] = useState<Pane>("span");
  const summary = useQuery({
    queryKey: [project.key, "trace", id],
    queryFn: async () => (await api.trace(id)).trace,
    staleTime: 30_000,
  });
  const spans = useQuery({
    queryKey: [project.key, "spans", id],
    queryFn: async () => (await api.spans(id)).data,
    staleTime: 30_000,
  });
  const chosen = search.span ?? (spans.data && firstSpan(spans.data, summary.data?.leading_span_id));
  const ready = Boolean(chosen) && !(search.span === undefined && summary.isPending);
  const span = useQuery({
    queryKey: [project.key, "span", id, chosen],
    queryFn: async () => (await api.span(id, chosen ?? "")).span,
    enabled: ready,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });
  const annotated = useMemo(() => new Set(summary.data?.annotations?.map(({ span_id }) => span_id)), [summary.data]);
  const choose = (to: string) =>
    void navigate({ to: ".", search: (before) => ({ ...before, span: to }), replace: true });
  const copyLink = () => {
    const url = new URL(window.location.href);
    if (chosen) url.searchParams.set("span", chosen);
    void navigator.clipboard?.writeText(url.href).then(() => toast("Link to this span copied"));
  };
  useCommand("copy-link", copyLink);
  const error = spans.error ?? summary.error;
  if (error) {
    return (
      <div>
        <div className="flex h-10 items-center justify-end border-b px-2">
          <IconButton name="Close the trace" onClick={close}>
            <X size={16} aria-hidden />
          </IconButton>
        </div>
        <ErrorPanel error={asApiError(error)} retry={() => void Promise.all([spans.refetch(), summary.refetch()])} />
      </div>
    );
  }
  const trace = summary.data;
  const tree = spans.data && (
    <SpanTree
      spans={spans.data}
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
      tab={search.tab}
      onTab={(tab) => void navigate({ to: ".", search: (before) => ({ ...before, tab }), replace: true })}
    />
  ) : span.error ? (
    <ErrorPanel error={asApiError(span.error)} retry={() => void span.refetch()} />
  ) : (
    <Skeleton lines={8} />
  );
  const shownSpan = span.data?.summary.trace_id === id ? span.data : undefined;
  const margin = chosen && ready && (
    <Margin key={`${id} ${chosen}`} traceId={id} spanId={chosen} evaluations={shownSpan?.evaluations ?? []} />
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex h-10 shrink-0 items-center gap-2 border-b px-2">
        <IconButton
          name="Previous trace"
          shortcut={useKeyName("previous-trace")}
          disabled={!previous}
          onClick={previous}
        >
          <ArrowUp size={16} aria-hidden />
        </IconButton>
        <IconButton name="Next trace" shortcut={useKeyName("next-trace")} disabled={!next} onClick={next}>
          <ArrowDown size={16} aria-hidden />
        </IconButton>
        <h1 className="min-w-0 truncate font-semibold">{trace?.name ?? "Trace"}</h1>
        {trace && (
          <div className="num flex min-w-0 shrink items-center gap-2 overflow-hidden text-sm whitespace-nowrap text-ink-2 max-md:hidden">
            <Status status={trace.status} />
            <span>{duration(trace.duration_ms)}</span>
            {trace.span_count !== undefined && <span>{count(trace.span_count)} spans</span>}
            {trace.usage?.total_tokens !== undefined && <span>{tokens(trace.usage.total_tokens)} tokens</span>}
            {trace.cost?.total !== undefined && <span>{money(trace.cost.total, trace.cost.currency)}</span>}
            {trace.started_at && <Time iso={trace.started_at} />}
            <CopyText text={id} name="trace id" short={10} />
          </div>
        )}
        <span className="flex-1" />
        <IconButton
          name="Show or hide the list"
          shortcut={useKeyName("toggle-list")}
          className="max-[1179px]:hidden"
          onClick={() =>
            void navigate({ to: ".", search: ({ alone, ...rest }) => (alone ? rest : { ...rest, alone: true }) })
          }
        >
          <PanelLeft size={16} aria-hidden />
        </IconButton>
        <IconButton name="Copy a link to this span" shortcut={useKeyName("copy-link")} onClick={copyLink}>
          <LinkIcon size={16} aria-hidden />
        </IconButton>
        <IconButton name="Close the trace" shortcut={useKeyName("close-trace")} onClick={close}>
          <X size={16} aria-hidden />
        </IconButton>
      </header>
      {wide ? (
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
                { id: "tree", label: "Steps", count: spans.data?.length },
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
