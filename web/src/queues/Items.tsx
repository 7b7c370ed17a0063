import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { Queue } from "../api/queues";
import { may, useHere } from "../app/project";
import { AddToDataset } from "../datasets/AddToDataset";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Select } from "../ui/Field";
import { count } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { ItemRow } from "./ItemRow";
import type { QueueSearch } from "./search";
import { useQueuesApi } from "./useDesk";

const FILTERS: { value: string; label: string }[] = [
  { value: "", label: "All items" },
  { value: "to_do", label: "To do" },
  { value: "in_review", label: "In review" },
  { value: "needs_others", label: "Need others" },
  { value: "completed", label: "Complete" },
  { value: "skipped", label: "Skipped" },
  { value: "declined", label: "Declined" },
  { value: "flagged", label: "Flagged" },
];

export const PRIORITIES = [
  { value: "10", label: "High" },
  { value: "0", label: "Normal" },
  { value: "-10", label: "Low" },
];

const PAGE = 100;

/** The items of a queue: where each stands, and what can be done with those that are chosen. */
export function Items({
  queue,
  state,
  onState,
}: {
  queue: Queue;
  state: QueueSearch["state"];
  onState: (state: QueueSearch["state"]) => void;
}) {
  const here = useHere();
  const { project } = here;
  const api = useQueuesApi();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [removing, setRemoving] = useState(false);
  const defines = may(here, "define");
  const removes = defines || may(here, "annotate");
  const list = useInfiniteQuery({
    queryKey: [project.key, "queue", queue.id, "items", state],
    queryFn: ({ pageParam }) =>
      api.items(queue.id, {
        limit: PAGE,
        starting_after: pageParam || undefined,
        ...(state === "flagged" ? { flagged: true } : { state }),
      }),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?.id : undefined),
  });
  const members = useQuery({
    queryKey: [project.key, "members"],
    queryFn: async () => (await settingsApi(project.project_id).members()).data,
    enabled: defines,
    staleTime: 60_000,
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.data) ?? [], [list.data]);
  const some = rows.filter(({ id }) => chosen.has(id));
  const ids = some.map(({ id }) => id);
  const sources = some.flatMap(({ id, orphaned, trace_id, span_id }) =>
    trace_id && !orphaned ? [{ trace_id, queue_item_id: id, ...(span_id ? { span_id } : {}) }] : [],
  );
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const again = () => client.invalidateQueries({ queryKey: [project.key, "queue", queue.id] });
  const change = (body: { priority?: number; assignee?: string | null; share?: string[] }) =>
    void api.changeItems(queue.id, { item_ids: ids, ...body }).then(
      () => again(),
      (cause) => toast(asApiError(cause).message, { bad: true }),
    );
  const people = queue.open_to_all
    ? (members.data ?? []).map(({ id, display_name }) => ({ id, display_name }))
    : queue.reviewers;
  return (
    <section aria-label="Items">
      <div className="mb-2 flex min-h-10 flex-wrap items-center gap-2">
        <Select
          aria-label="Show"
          className="max-w-40"
          value={state ?? ""}
          onChange={(event) => onState((event.target.value || undefined) as QueueSearch["state"])}
          options={FILTERS}
        />
        {removes && rows.length > 0 && (
          <label className="flex min-h-9 items-center gap-2 text-sm text-ink-2 pointer-coarse:min-h-11">
            <input
              type="checkbox"
              className="size-4 accent-(--accent)"
              checked={ids.length === rows.length}
              ref={(box) => {
                if (box) box.indeterminate = ids.length > 0 && ids.length < rows.length;
              }}
              onChange={() => setChosen(new Set(ids.length === rows.length ? [] : rows.map(({ id }) => id)))}
            />
            {list.hasNextPage ? "All that are shown" : "All"}
          </label>
        )}
        {ids.length > 0 && (
          <>
            <span role="status" className="num text-sm font-medium">
              {count(ids.length)} selected
            </span>
            {defines && (
              <>
                <Select
                  aria-label="Priority"
                  className="max-w-36"
                  value=""
                  onChange={(event) => event.target.value && change({ priority: Number(event.target.value) })}
                  options={[{ value: "", label: "Priority…", disabled: true }, ...PRIORITIES]}
                />
                <Select
                  aria-label="Assign to"
                  className="max-w-44"
                  value=""
                  onChange={({ target: { value } }) => {
                    if (value === "share") change({ share: people.map(({ id }) => id) });
                    else if (value) change({ assignee: value === "-" ? null : value });
                  }}
                  options={[
                    { value: "", label: "Assign to…", disabled: true },
                    { value: "-", label: "Anybody" },
                    ...(people.length > 1 ? [{ value: "share", label: "All, an equal share each" }] : []),
                    ...people.map(({ id, display_name }) => ({ value: id, label: display_name })),
                  ]}
                />
              </>
            )}
            <AddToDataset
              look="button"
              what={ids.length === 1 ? "this item" : `${count(ids.length)} items`}
              sources={sources}
              onAdded={() => setChosen(new Set())}
            />
            {removes && (
              <Button look="danger" onClick={() => setRemoving(true)}>
                Remove
              </Button>
            )}
          </>
        )}
      </div>
      {list.isPending && <Skeleton lines={6} className="px-0" />}
      {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
      {list.isSuccess && rows.length === 0 && (
        <Empty title={state ? "No item is in this state" : "No items yet"}>
          {state
            ? "Choose another state above."
            : "Choose traces in the list of traces and press Q, or add all that match a filter."}
        </Empty>
      )}
      {rows.length > 0 && (
        <ul aria-label="Items" className="border-t">
          {rows.map((item) => (
            <ItemRow
              key={item.id}
              item={item}
              project={project.key}
              chosen={chosen.has(item.id)}
              onChoose={removes ? () => toggle(item.id) : undefined}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button className="mt-3" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${count(ids.length)} ${ids.length === 1 ? "item" : "items"}?`}
        action="Remove"
        run={async () => {
          await api.removeItems(queue.id, ids);
          setChosen(new Set());
          await again();
        }}
      >
        <p>Nobody meets them in this queue any more. The conversations, and what was said of them, stay.</p>
      </Confirm>
    </section>
  );
}
