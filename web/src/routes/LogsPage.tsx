import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Outlet, useParams } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { AddToDataset } from "../datasets/AddToDataset";
import { useCommand } from "../keys/useCommand";
import { useStep } from "../keys/useStep";
import { LogFilters } from "../logs/LogFilters";
import { LOG_COLUMNS, LOG_HEADS, LogRow } from "../logs/LogRow";
import type { LogSearch } from "../logs/search";
import { AddToQueue } from "../queues/AddToQueue";
import { useReviews } from "../review/useReviews";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { useMedia } from "../ui/useMedia";

const route = getRouteApi("/inside/p/$project/logs");
const PAGE = 100;

/** The generations of the project, newest first, and beside them the one that is open. */
export function LogsPage() {
  const here = useHere();
  const { api, project } = here;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { log: open } = useParams({ strict: false });
  const wide = useMedia("(min-width: 1180px)");
  const queries = useQueryClient();
  const { byKey } = useReviews();
  const [marked, setMarked] = useState(-1);
  const list = useInfiniteQuery({
    queryKey: [project.key, "logs", search],
    queryFn: ({ pageParam }) =>
      api.logs({
        limit: PAGE,
        starting_after: pageParam || undefined,
        status: search.status,
        annotated: search.judged,
        model: search.model,
        provider: search.provider,
        min_duration_ms: search.slow,
        min_cost: search.dear,
        query: search.q,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?.id : undefined),
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.data) ?? [], [list.data]);
  const at = open ? rows.findIndex(({ id }) => id === open) : marked;
  const compact = Boolean(open) || !wide;
  const scroller = useRef<HTMLDivElement>(null);
  const height = compact ? 52 : 36;
  const view = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are measured anew when the height changes
  useEffect(() => view.measure(), [height]);
  useEffect(() => {
    if (at >= 0) view.scrollToIndex(at, { align: "auto" });
  }, [at, view]);
  const items = view.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= rows.length - 40) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, rows.length]);
  const openAt = (index: number) => {
    const log = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (log)
      void navigate({
        to: "/p/$project/logs/$log",
        params: { project: project.key, log: log.id },
        search: (before: LogSearch) => before,
        replace: Boolean(open),
      });
  };
  const step = useStep(at, rows.length, (to) => (open ? openAt(to) : setMarked(to)));
  useCommand("next-log", () => step(1), { when: rows.length > 0 });
  useCommand("previous-log", () => step(-1), { when: rows.length > 0 });
  useCommand("open-trace", () => openAt(marked), { when: !open && marked >= 0 });
  useCommand(
    "close-trace",
    () =>
      void navigate({
        to: "/p/$project/logs",
        params: { project: project.key },
        search: (before: LogSearch) => before,
      }),
    {
      when: Boolean(open),
    },
  );
  const [adding, setAdding] = useState(false);
  const meant = rows[at];
  useCommand("add-to-queue", () => setAdding(true), { when: meant !== undefined && may(here, "annotate") });
  const change = (next: { [Name in keyof LogSearch]?: LogSearch[Name] | undefined }) =>
    void navigate({
      to: ".",
      replace: "q" in next,
      search: (before: LogSearch) =>
        Object.fromEntries(
          Object.entries({ ...before, ...next }).filter(([, value]) => value !== undefined),
        ) as LogSearch,
    });
  const filtered = Object.values(search).some((value) => value !== undefined);
  // What arrives comes in on top while the list is at its top and nobody points into it; else it waits for a click.
  const [fresh, setFresh] = useState(false);
  const look = useThrottled(() => {
    const place = scroller.current;
    const calm = !open && (!place || (place.scrollTop === 0 && !place.matches(":hover")));
    if (calm && (list.data?.pages.length ?? 0) <= 1) void list.refetch();
    else setFresh(true);
  }, 2000);
  useLive(({ counts }) => {
    if (counts["trace.created"] || counts["trace.updated"] || counts["annotation.created"]) look();
  });
  const show = () => {
    setFresh(false);
    scroller.current?.scrollTo(0, 0);
    void queries.resetQueries({ queryKey: [project.key, "logs", search] });
  };
  return (
    <div className="flex h-full min-w-0">
      {(!open || wide) && (
        <div className={cx("flex min-h-0 min-w-0 flex-col", open ? "w-80 shrink-0 border-r" : "flex-1")}>
          <h1 className="sr-only">Logs</h1>
          <LogFilters search={search} change={change} brief={Boolean(open)} />
          {fresh && (
            <Button small className="m-2 self-start" onClick={show}>
              There is something new: show
            </Button>
          )}
          {!compact && rows.length > 0 && (
            <div
              className={cx("grid h-7 shrink-0 items-center gap-3 border-b px-3 text-xs text-ink-3", LOG_COLUMNS)}
              aria-hidden
            >
              {LOG_HEADS.map(([head, look]) => (
                <span key={head} className={look}>
                  {head}
                </span>
              ))}
            </div>
          )}
          {list.isPending && <Skeleton lines={8} />}
          {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
          {list.isSuccess && rows.length === 0 && (
            <Empty title="No logs">
              {filtered
                ? "Nothing fits these filters."
                : "A log appears for every model call of the traces that are sent here."}
            </Empty>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
          <section ref={scroller} aria-label="Logs" tabIndex={0} className="scroll min-h-0 flex-1 -outline-offset-2">
            <div className="relative" style={{ height: view.getTotalSize() }}>
              {items.map((item) => {
                const log = rows[item.index];
                return (
                  log && (
                    <div
                      key={log.id}
                      className="absolute inset-x-0 top-0"
                      style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                    >
                      <LogRow
                        log={log}
                        project={project.key}
                        reviews={byKey}
                        open={log.id === open}
                        marked={item.index === marked && !open}
                        compact={compact}
                      />
                    </div>
                  )
                );
              })}
            </div>
          </section>
        </div>
      )}
      {!open && rows[at] && (
        <AddToDataset
          look="key"
          what="this log"
          sources={[{ trace_id: rows[at].trace_id, span_id: rows[at].span_id }]}
        />
      )}
      {open && (
        <div className="min-w-0 flex-1">
          <Outlet />
        </div>
      )}
      <AddToQueue
        open={adding}
        onClose={() => setAdding(false)}
        what="this log"
        items={meant ? [{ trace_id: meant.trace_id, span_id: meant.span_id }] : []}
      />
    </div>
  );
}
