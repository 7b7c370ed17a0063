import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Dataset } from "../api/datasets";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { DatapointEditor } from "../datasets/DatapointEditor";
import { DatapointHead } from "../datasets/DatapointHead";
import { DatapointTable } from "../datasets/DatapointTable";
import { DatasetHead } from "../datasets/DatasetHead";
import { Judging } from "../datasets/Judging";
import { useDatasets } from "../datasets/queries";
import { useFollowDatasets } from "../datasets/useFollow";
import { useRemoval } from "../datasets/useRemoval";
import { useCommand } from "../keys/useCommand";
import { useStep } from "../keys/useStep";
import { cx } from "../ui/cx";
import { count } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { useMedia } from "../ui/useMedia";

const route = getRouteApi("/inside/p/$project/datasets/$dataset");
const NEW = "new";

/** A dataset: its datapoints as a table, and beside it the one that is open. */
export function DatasetPage() {
  const { dataset: id } = route.useParams();
  const dataset = useQuery(useDatasets().one(id));
  useFollowDatasets(id);
  if (dataset.isPending) return <Skeleton lines={8} />;
  if (dataset.error) return <ErrorPanel error={asApiError(dataset.error)} retry={() => void dataset.refetch()} />;
  return <Shown key={id} dataset={dataset.data} />;
}

function Shown({ dataset }: { dataset: Dataset }) {
  const here = useHere();
  const { project } = here;
  const edits = may(here, "annotate");
  const id = dataset._id;
  const { datapoint: open } = route.useSearch();
  const navigate = route.useNavigate();
  const wide = useMedia("(min-width: 1180px)");
  const { datapoints, datapoint } = useDatasets();
  const { hidden, remove, settle } = useRemoval(id);
  const [marked, setMarked] = useState(-1);
  const [judged, setJudged] = useState<"all" | "one">();
  const list = useInfiniteQuery(datapoints(id));
  const rows = useMemo(
    () => list.data?.pages.flatMap(({ data }) => data.filter(({ _id }) => !hidden.has(_id))) ?? [],
    [list.data, hidden],
  );
  const at = open ? rows.findIndex(({ _id }) => _id === open) : Math.min(marked, rows.length - 1);
  const listed = rows[at];
  const alone = useQuery({ ...datapoint(id, open ?? ""), enabled: Boolean(open) && open !== NEW && !listed });
  const shown = open && open !== NEW ? (listed ?? alone.data) : undefined;
  const go = useCallback(
    (to: string | undefined, replace = false) => void navigate({ search: to ? { datapoint: to } : {}, replace }),
    [navigate],
  );
  const openAt = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row) go(row._id, Boolean(open));
  };
  const step = useStep(at, rows.length, (to) => (open ? openAt(to) : setMarked(to)));
  const close = () => {
    if (at >= 0) setMarked(at);
    go(undefined);
  };
  useCommand("next-datapoint", () => step(1), { when: rows.length > 0 });
  useCommand("previous-datapoint", () => step(-1), { when: rows.length > 0 });
  useCommand("open-datapoint", () => openAt(at), { when: !open && at >= 0 });
  useCommand("close-datapoint", close, { when: Boolean(open) });
  useCommand("add-to-queue", () => setJudged("one"), { when: edits && rows[at] !== undefined });
  useCommand("new-datapoint", () => go(NEW), { when: edits });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const total = Math.max(rows.length, dataset.metadata.datapoints_count - hidden.size);
  const compact = Boolean(open) || !wide;
  return (
    <div className="flex h-full min-h-0 flex-col">
      {(!open || wide) && (
        <DatasetHead
          dataset={dataset}
          total={total}
          write={edits ? () => go(NEW) : undefined}
          judge={() => setJudged("all")}
          settle={settle}
        />
      )}
      <Judging
        open={judged !== undefined}
        onClose={() => setJudged(undefined)}
        dataset={dataset}
        datapoint={judged === "one" ? listed : undefined}
      />
      <div className="flex min-h-0 flex-1">
        {(!open || wide) && (
          <div className={cx("flex min-h-0 min-w-0 flex-col", open ? "w-80 shrink-0 border-r" : "flex-1")}>
            {list.isPending && <Skeleton lines={8} />}
            {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
            {list.isSuccess && rows.length === 0 && (
              <Empty title="Nothing in it yet">
                Add what was asked in traces and logs: press <kbd className="kbd kbd-told">d</kbd> there, or choose “Add
                to dataset”. Or import a file, or write a datapoint by hand.
              </Empty>
            )}
            {rows.length > 0 && (
              <DatapointTable
                rows={rows}
                dataset={id}
                project={project.key}
                open={open}
                marked={at}
                compact={compact}
                loadMore={hasNextPage && !isFetchingNextPage ? loadMore : undefined}
              />
            )}
          </div>
        )}
        {open && (
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <DatapointHead
              title={open === NEW ? "New datapoint" : at >= 0 ? `${count(at + 1)} of ${count(total)}` : "Datapoint"}
              datapoint={shown}
              hasPrevious={at > 0}
              hasNext={at >= 0 && at < rows.length - 1}
              remove={
                edits && shown
                  ? () => {
                      remove(shown._id);
                      go((rows[at + 1] ?? rows[at - 1])?._id, true);
                    }
                  : undefined
              }
            />
            <div className="min-h-0 flex-1">
              {shown || open === NEW ? (
                <DatapointEditor
                  key={open}
                  dataset={id}
                  datapoint={shown}
                  onSaved={(saved) => open === NEW && go(saved._id, true)}
                />
              ) : alone.error ? (
                <ErrorPanel error={asApiError(alone.error)} retry={() => void alone.refetch()} />
              ) : (
                <Skeleton lines={8} />
              )}
            </div>
          </div>
        )}
      </div>
    </div>
  );
}
