import { Link, useNavigate } from "@tanstack/react-router";
import { Camera, ChevronLeft, Download, FileUp, Folder, Plus } from "lucide-react";
import { useState } from "react";
import type { Dataset } from "../api/datasets";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { DatasetMenu } from "./DatasetMenu";
import { ExportDialog } from "./ExportDialog";
import { ImportDialog } from "./ImportDialog";
import { Snapshots } from "./Snapshots";

/** The head of a dataset: where it stands, how much it holds, and what can be done with it. */
export function DatasetHead({
  dataset,
  total,
  write,
  judge,
  settle,
}: {
  dataset: Dataset;
  total: number;
  /** Begins a datapoint by hand. */
  write: (() => void) | undefined;
  /** Asks to which queue everything in it is added. */
  judge: () => void;
  /** What was deleted and can still be taken back goes for good: the dataset is about to be looked at as a whole. */
  settle: () => void;
}) {
  const here = useHere();
  const navigate = useNavigate();
  const [opened, setOpened] = useState<"import" | "snapshots" | "export">();
  const close = () => setOpened(undefined);
  const openWhole = (what: "snapshots" | "export") => {
    settle();
    setOpened(what);
  };
  const params = { project: here.project.key };
  return (
    <header className="flex min-h-12 shrink-0 items-center gap-2 border-b px-2">
      <Link
        to="/p/$project/datasets"
        params={params}
        aria-label="All datasets"
        title="All datasets"
        className="inline-flex size-8 shrink-0 items-center justify-center rounded-[6px] text-ink-2 hover:bg-hover hover:text-ink pointer-coarse:size-10"
      >
        <ChevronLeft size={16} aria-hidden />
      </Link>
      <div className="min-w-0 flex-1 py-1">
        <h1 className="truncate leading-5 font-semibold" title={dataset.display_name}>
          {dataset.display_name}
        </h1>
        <p className="num flex min-w-0 items-center gap-2 text-xs text-ink-2">
          <span className="shrink-0">
            {count(total)} {total === 1 ? "datapoint" : "datapoints"}
          </span>
          {dataset.path && (
            <span className="flex min-w-0 items-center gap-1 text-ink-3">
              <Folder size={12} aria-hidden className="shrink-0" />
              <span className="truncate">{dataset.path.split("/").join(" / ")}</span>
            </span>
          )}
        </p>
      </div>
      {write && (
        <Button onClick={write}>
          <Plus size={16} aria-hidden /> <span className="max-sm:sr-only">New datapoint</span>{" "}
          <Key id="new-datapoint" />
        </Button>
      )}
      {may(here, "annotate") && (
        <Button onClick={() => setOpened("import")}>
          <FileUp size={16} aria-hidden /> <span className="max-sm:sr-only">Import</span>
        </Button>
      )}
      <Button onClick={() => openWhole("snapshots")}>
        <Camera size={16} aria-hidden /> <span className="max-sm:sr-only">Snapshots</span>
      </Button>
      <Button onClick={() => openWhole("export")}>
        <Download size={16} aria-hidden /> <span className="max-sm:sr-only">Export</span>
      </Button>
      {may(here, "annotate") && (
        <DatasetMenu
          dataset={dataset}
          judge={judge}
          onRemoved={() => void navigate({ to: "/p/$project/datasets", params })}
        />
      )}
      <ImportDialog open={opened === "import"} onClose={close} dataset={dataset} />
      <Snapshots open={opened === "snapshots"} onClose={close} dataset={dataset} />
      <ExportDialog open={opened === "export"} onClose={close} dataset={dataset} />
    </header>
  );
}
