import { getRouteApi, Outlet, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { Automate } from "../automations/Automate";
import { useCommand } from "../keys/useCommand";
import { useStep } from "../keys/useStep";
import { useReviews } from "../review/useReviews";
import { useColumns } from "../traces/columns";
import { FilterBar } from "../traces/FilterBar";
import { FilterSheet } from "../traces/FilterSheet";
import { FirstRun } from "../traces/FirstRun";
import { Histogram } from "../traces/Histogram";
import { NoTraces } from "../traces/NoTraces";
import { type Neighbours, NeighboursContext } from "../traces/neighbours";
import { SelectionBar } from "../traces/SelectionBar";
import { clean, type TraceSearchParams } from "../traces/search";
import { Toolbar } from "../traces/Toolbar";
import { TraceList } from "../traces/TraceList";
import { useArrivals } from "../traces/useArrivals";
import { useDensity } from "../traces/useDensity";
import { useFollowRows } from "../traces/useFollow";
import { useMark, useOnce } from "../traces/useMark";
import { useSelection } from "../traces/useSelection";
import { useFields, useHistogram, useTraces } from "../traces/useTraces";
import { addressOf, Views } from "../traces/Views";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { count } from "../ui/format";
import { ErrorPanel, Skeleton } from "../ui/State";
import { useMedia } from "../ui/useMedia";

const route = getRouteApi("/inside/p/$project/traces");

/** The list of traces, and beside it the trace that is open. */
export function TracesPage() {
  const { project } = useHere();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { trace: open } = useParams({ strict: false });
  const wide = useMedia("(min-width: 1180px)");
  const phone = useMedia("(max-width: 639px)");
  const fields = useFields();
  const reviews = useReviews();
  const { list, rows, body, known, window, fixed, refresh } = useTraces(search);
  const histogram = useHistogram(body, known);
  const settled = list.isSuccess && !list.isPlaceholderData;
  const [marked, setMarked] = useMark(rows, settled);
  const [dense, setDense] = useDensity();
  const [columnIds, setColumns] = useColumns();
  const selection = useSelection(rows, JSON.stringify([search.q, search.range, search.from, search.to]));
  const [choosing, setChoosing] = useState(false);
  useFollowRows(rows);
  const listShown = !open || (wide && !search.alone);
  const total = useMemo(() => histogram.data?.reduce((sum, bucket) => sum + bucket.count, 0), [histogram.data]);
  const follows = !fixed && !search.sort && list.isSuccess && !histogram.isPlaceholderData;
  const { fresh, onCalm } = useArrivals(body, total, follows, !open && selection.size === 0, refresh);
  const unfiltered = !search.q && !fixed;
  const change = (next: Partial<Record<keyof TraceSearchParams, string | undefined>>) =>
    void navigate({
      to: ".",
      search: (before: TraceSearchParams) => clean({ ...before, ...next }),
      replace: "q" in next,
    });
  const openAt = useCallback(
    (index: number) => {
      const trace = rows[index];
      if (!trace) return;
      setMarked(index);
      void navigate({
        to: "/p/$project/traces/$trace",
        params: { project: project.key, trace: trace.trace_id },
        search: ({ span: _, ...rest }: TraceSearchParams) => rest,
        replace: Boolean(open),
      });
    },
    [rows, navigate, project.key, open, setMarked],
  );
  const at = open ? rows.findIndex((trace) => trace.trace_id === open) : marked;
  const close = useCallback(
    () =>
      void navigate({
        to: "/p/$project/traces",
        params: { project: project.key },
        search: ({ span: _, alone: __, ...rest }: TraceSearchParams) => rest,
      }),
    [navigate, project.key],
  );
  const step = useStep(at, rows.length, (to) => (open ? openAt(to) : setMarked(to)));
  const neighbours = useMemo<Neighbours>(
    () => ({
      position: at,
      leading: rows[at]?.leading_span_id,
      loaded: rows.length,
      next: at >= 0 && at < rows.length - 1 ? () => openAt(at + 1) : undefined,
      previous: at > 0 ? () => openAt(at - 1) : undefined,
      close,
    }),
    [at, rows, openAt, close],
  );
  useEffect(() => {
    if (at >= 0) setMarked(at);
  }, [at, setMarked]);
  useEffect(() => {
    // The page of a trace is at hand before the first one is opened.
    void import("./TracePage").then(({ warm }) => (globalThis.requestIdleCallback ?? setTimeout)(warm));
  }, []);
  useCommand("next-trace", () => step(1), { when: rows.length > 0 });
  useCommand("previous-trace", () => step(-1), { when: rows.length > 0 });
  const openMarked = useOnce(settled, () => openAt(marked));
  useCommand("open-trace", openMarked, { when: !open && marked >= 0 });
  useCommand("close-trace", open ? close : selection.clear, { when: Boolean(open) || selection.size > 0 });
  useCommand("select", () => rows[at] && selection.toggle(rows[at].trace_id), { when: at >= 0 });
  useCommand("density", () => setDense(!dense));
  const canHide = Boolean(open) && wide;
  useCommand(
    "toggle-list",
    () =>
      void navigate({
        to: ".",
        search: ({ alone, ...rest }: TraceSearchParams) => (alone ? rest : { ...rest, alone: true }),
      }),
    { when: canHide },
  );
  const empty = list.isSuccess && rows.length === 0;
  const waiting = empty && unfiltered && !open && (search.range === undefined || search.range === "all");
  if (waiting)
    return (
      <div className="scroll h-full">
        <FirstRun origin={globalThis.location.origin} />
      </div>
    );
  const compact = Boolean(open) || !wide;
  const found = total === undefined ? "…" : `${count(total)} ${total === 1 ? "trace" : "traces"}`;
  const filter = (
    <FilterBar text={search.q ?? ""} fields={fields} window={window} onChange={(q) => change({ q: q || undefined })} />
  );
  const toolbar = (
    <Toolbar
      search={search}
      change={change}
      dense={dense}
      onDensity={() => setDense(!dense)}
      columns={columnIds}
      onColumns={setColumns}
      brief={Boolean(open)}
      full={phone}
    />
  );
  return (
    <div className="flex h-full min-w-0">
      {listShown && (
        <div className={cx("flex min-h-0 min-w-0 flex-col", open ? "w-80 shrink-0 border-r" : "flex-1")}>
          <h1 className="sr-only">Traces</h1>
          <div className="flex items-start gap-2 px-3 py-2">
            {phone ? (
              <FilterSheet text={search.q ?? ""} found={found}>
                <div className="flex flex-wrap gap-2">{toolbar}</div>
                <div className="flex">{filter}</div>
              </FilterSheet>
            ) : (
              filter
            )}
            {!open && (
              <Views
                search={search}
                dense={dense}
                columns={columnIds}
                name={(view) => change({ view })}
                choose={(view) => {
                  setDense(view.density === "dense");
                  if (view.columns.length > 0) setColumns(view.columns);
                  void navigate({ to: ".", search: addressOf(view) });
                }}
              />
            )}
            {!phone && toolbar}
            {!open && <Automate filter={search.q} />}
          </div>
          {!open && !histogram.isError && (
            <Histogram buckets={histogram.data} window={window} onBrush={(to) => change({ ...to, range: undefined })} />
          )}
          <div className="num flex h-8 shrink-0 items-center gap-3 border-b px-3 text-sm text-ink-2">
            <span role="status">{found}</span>
            {fresh > 0 && (
              <Button small onClick={refresh}>
                {count(fresh)} new {fresh === 1 ? "trace" : "traces"}
              </Button>
            )}
            {compact && !open && rows.length > 0 && (
              <Button
                small
                look="quiet"
                className="ml-auto"
                aria-pressed={choosing}
                onClick={() => {
                  selection.clear();
                  setChoosing(!choosing);
                }}
              >
                {choosing ? "End the selection" : "Select"}
              </Button>
            )}
            {fixed && (
              <Button small look="quiet" onClick={() => change({ from: undefined, to: undefined })}>
                Back to the last days
              </Button>
            )}
          </div>
          <SelectionBar
            selection={selection}
            marked={open ? undefined : rows[marked]}
            body={body}
            reread={list.refetch}
          />
          {list.isPending && <Skeleton lines={8} />}
          {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
          {empty && <NoTraces filtered={Boolean(search.q)} change={change} />}
          {rows.length > 0 && (
            <TraceList
              rows={rows}
              project={project.key}
              reviews={reviews.byKey}
              marked={at >= 0 ? at : marked}
              open={open}
              compact={compact}
              dense={dense}
              hasMore={list.hasNextPage && !list.isFetchingNextPage}
              loadMore={() => void list.fetchNextPage()}
              selection={selection}
              choosing={choosing && !open}
              onCalm={onCalm}
              columnIds={columnIds}
            />
          )}
        </div>
      )}
      {open && (
        <NeighboursContext value={neighbours}>
          <div className="min-w-0 flex-1">
            <Outlet />
          </div>
        </NeighboursContext>
      )}
    </div>
  );
}
