import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Datapoint, DatapointChange } from "../api/datasets";
import { asApiError } from "../api/error";
import { DiffText } from "../logs/DiffText";
import { diff } from "../logs/diff";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { oneLine } from "../ui/format";
import { ErrorLine, Skeleton } from "../ui/State";
import { questionOf, textsOf } from "./message";
import { useDatasets } from "./queries";

/** What became of datapoints from one snapshot to another, or to the dataset as it is. */
export function DatasetDiff({ dataset, from, to }: { dataset: string; from: string; to: string }) {
  const { api, project } = useDatasets();
  const list = useInfiniteQuery({
    queryKey: [project, "diff", dataset, from, to],
    queryFn: ({ pageParam }) => api.diff(dataset, from, to, pageParam),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_after,
    staleTime: 5000,
  });
  const changes = list.data?.pages.flatMap(({ data }) => data) ?? [];
  if (list.isPending) return <Skeleton lines={4} className="px-0" />;
  if (list.error) return <ErrorLine error={asApiError(list.error)} />;
  return (
    <>
      {changes.length === 0 && !list.hasNextPage && <p className="text-sm text-ink-2">Nothing changed.</p>}
      <ul aria-label="Changes" className={cx(changes.length > 0 && "border-t")}>
        {changes.map((change) => (
          <Change key={change.datapoint_id} change={change} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button className="mt-3" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

const WORDS = {
  added: { text: "added", look: "bg-good-soft text-good" },
  removed: { text: "removed", look: "bg-bad-soft text-bad" },
  changed: { text: "changed", look: "bg-accent-soft text-accent" },
};

function Change({ change: { change, before, after } }: { change: DatapointChange }) {
  const shown = after ?? before;
  const { text, look } = WORDS[change];
  return (
    <li className="border-b py-2">
      <div className="flex items-center gap-2">
        <span className={cx("shrink-0 rounded-sm px-1.5 text-xs leading-5", look)}>{text}</span>
        <span className="min-w-0 flex-1 truncate text-sm" dir="auto">
          {oneLine(shown && (questionOf(shown) || shown.expected_output)) || "a datapoint without text"}
        </span>
      </div>
      {before && after && <Parts before={before} after={after} />}
    </li>
  );
}

const asText = (datapoint: Datapoint): string =>
  (datapoint.messages ?? [])
    .map((message) => {
      const texts = textsOf(message).map(({ text }) => text);
      return `${message.role}: ${texts.length > 0 ? texts.join("\n") : JSON.stringify(message.content ?? message.tool_calls)}`;
    })
    .join("\n\n");

/** Each part of a datapoint that is not what it was. */
function Parts({ before, after }: { before: Datapoint; after: Datapoint }) {
  return (
    <>
      <Part name="Messages" before={asText(before)} after={asText(after)} />
      <Part name="Expected output" before={before.expected_output ?? ""} after={after.expected_output ?? ""} />
      <Part
        name="Inputs"
        before={JSON.stringify(before.inputs ?? {}, null, 1)}
        after={JSON.stringify(after.inputs ?? {}, null, 1)}
      />
    </>
  );
}

function Part({ name, before, after }: { name: string; before: string; after: string }) {
  const pieces = useMemo(() => diff(before, after), [before, after]);
  if (before === after) return null;
  return (
    <div className="mt-2 border-s-2 border-s-accent ps-3">
      <h4 className="mb-0.5 text-xs font-semibold text-ink-2">{name}</h4>
      <DiffText pieces={pieces} />
    </div>
  );
}
