import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Folder, Plus } from "lucide-react";
import { useDeferredValue, useState } from "react";
import type { Dataset } from "../api/datasets";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { DatasetForm } from "../datasets/DatasetForm";
import { DatasetMenu } from "../datasets/DatasetMenu";
import { useDatasets } from "../datasets/queries";
import { useFollowDatasets } from "../datasets/useFollow";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";

/** The datasets of the project, newest first. */
export function DatasetsPage() {
  const here = useHere();
  const { project } = here;
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const [making, setMaking] = useState(false);
  const asked = useDeferredValue(words.trim());
  const list = useInfiniteQuery(useDatasets().list(asked));
  useFollowDatasets();
  const rows = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const edits = may(here, "annotate");
  const none = list.isSuccess && rows.length === 0 && !list.isPlaceholderData;
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus size={16} aria-hidden /> New dataset
    </Button>
  );
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[1040px] px-4 py-6 lg:px-8">
        <div className="mb-1 flex min-h-8 items-center gap-3">
          <h1 className="min-w-0 flex-1 text-lg font-semibold">Datasets</h1>
          {edits && !(none && asked === "") && make}
        </div>
        <p className="mb-4 max-w-[64ch] text-ink-2">
          Questions with the answers they should have had: to test with, and to train with.
        </p>
        {(!none || asked !== "") && (
          <input
            type="search"
            aria-label="Find a dataset"
            placeholder="Find a dataset"
            className="field mb-4 max-w-80"
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        )}
        {list.isPending && <Skeleton lines={5} className="px-0" />}
        {list.error && <ErrorPanel error={asApiError(list.error)} retry={() => void list.refetch()} />}
        {none && asked !== "" && <Empty title="No dataset has this name">Look for a part of the name.</Empty>}
        {none && asked === "" && <Teach>{edits && <p className="mt-4">{make}</p>}</Teach>}
        {rows.length > 0 && (
          <ul aria-label="Datasets" className="border-t">
            {rows.map((dataset) => (
              <Row key={dataset._id} dataset={dataset} project={project.key} edits={edits} />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button className="mt-4" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        )}
      </div>
      <DatasetForm
        open={making}
        onClose={() => setMaking(false)}
        onDone={({ _id }) =>
          void navigate({ to: "/p/$project/datasets/$dataset", params: { project: project.key, dataset: _id } })
        }
      />
    </div>
  );
}

/** Where there is nothing yet: what datasets are for, and how they fill. */
function Teach({ children }: { children: React.ReactNode }) {
  return (
    <section aria-label="What datasets are for" className="border-t pt-6">
      <h2 className="mb-3 text-md font-semibold">No dataset yet</h2>
      <ol className="flex max-w-[64ch] list-decimal flex-col gap-2 ps-5 text-ink-2 marker:text-ink-3">
        <li>
          In traces or logs, press <kbd className="kbd kbd-told">d</kbd>, or choose “Add to dataset”: what was asked
          becomes a datapoint.
        </li>
        <li>Where somebody corrected the answer, the correction becomes the expected output; else the answer does.</li>
        <li>What people said of the answer comes along, and all of it stays when the trace is deleted.</li>
        <li>Export it for testing, for fine-tuning, or as preference pairs.</li>
      </ol>
      {children}
    </section>
  );
}

function Row({ dataset, project, edits }: { dataset: Dataset; project: string; edits: boolean }) {
  const { datapoints_count: held } = dataset.metadata;
  return (
    <li className="flex min-h-14 items-center gap-3 border-b py-2">
      <div className="grid min-w-0 flex-1 items-center gap-x-6 gap-y-0.5 sm:grid-cols-[minmax(0,1fr)_128px_120px]">
        <div className="min-w-0">
          <Link
            to="/p/$project/datasets/$dataset"
            params={{ project, dataset: dataset._id }}
            className="font-medium break-words hover:underline"
          >
            {dataset.display_name}
          </Link>
          {dataset.path && (
            <p className="flex items-center gap-1 text-xs text-ink-3">
              <Folder size={12} aria-hidden className="shrink-0" />
              <span className="sr-only">Folder </span>
              <span className="truncate">{dataset.path.split("/").join(" / ")}</span>
            </p>
          )}
        </div>
        <span className="num text-sm text-ink-2 sm:text-right">
          {count(held)} {held === 1 ? "datapoint" : "datapoints"}
        </span>
        <span className="text-right text-sm text-ink-3 max-sm:hidden">
          <span className="sr-only">changed </span>
          <Time iso={dataset.updated} />
        </span>
      </div>
      {edits && <DatasetMenu dataset={dataset} />}
    </li>
  );
}
