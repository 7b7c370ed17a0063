import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { Dataset } from "../api/datasets";
import { IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { count } from "../ui/format";
import { Menu } from "../ui/Menu";
import { toast } from "../ui/Toast";
import { DatasetForm } from "./DatasetForm";
import { Duplicates } from "./Duplicates";
import { useDatasets } from "./queries";

/** What can be done with a dataset as a whole. */
export function DatasetMenu({
  dataset,
  onRemoved,
  judge,
}: {
  dataset: Dataset;
  onRemoved?: () => void;
  /** Asks to which queue everything in it is added. */
  judge?: () => void;
}) {
  const { api, changed } = useDatasets();
  const [asking, setAsking] = useState<"form" | "clear" | "delete" | "duplicates" | null>(null);
  const close = () => setAsking(null);
  const { _id: id, display_name: name, metadata } = dataset;
  const held = `${count(metadata.datapoints_count)} ${metadata.datapoints_count === 1 ? "datapoint" : "datapoints"}`;
  return (
    <>
      <Menu
        align="end"
        trigger={
          <IconButton name={`More for ${name}`}>
            <Ellipsis size={16} aria-hidden />
          </IconButton>
        }
        entries={[
          ...(judge && metadata.datapoints_count > 0 ? [{ id: "judge", label: "Add all to a queue", run: judge }] : []),
          { id: "form", label: "Rename or move", run: () => setAsking("form") },
          ...(metadata.datapoints_count > 1
            ? [{ id: "duplicates", label: "Find duplicates", run: () => setAsking("duplicates") }]
            : []),
          ...(metadata.datapoints_count > 0
            ? [{ id: "clear", label: "Remove all datapoints", run: () => setAsking("clear") }]
            : []),
          { id: "delete", label: "Delete the dataset", run: () => setAsking("delete") },
        ]}
      />
      <DatasetForm
        open={asking === "form"}
        onClose={close}
        dataset={dataset}
        onDone={(done) => toast(`${done.display_name} is saved`)}
      />
      <Duplicates open={asking === "duplicates"} onClose={close} dataset={dataset} />
      <Confirm
        open={asking === "clear"}
        onClose={close}
        title={`Remove all datapoints of ${name}?`}
        action={`Remove ${held}`}
        run={async () => {
          await api.clear(id);
          changed(id);
          toast(`${name} is empty now`);
        }}
      >
        <p>The dataset stays, with nothing in it. This cannot be undone: make a snapshot first if in doubt.</p>
      </Confirm>
      <Confirm
        open={asking === "delete"}
        onClose={close}
        title={`Delete ${name}?`}
        action="Delete"
        run={async () => {
          await api.remove(id);
          onRemoved?.();
          changed();
          toast(`${name} is deleted`);
        }}
      >
        <p>
          {metadata.datapoints_count > 0 ? `The dataset goes, and ${held} with it.` : "The dataset is empty."} Its
          snapshots go too. This cannot be undone. The traces that its datapoints came from stay.
        </p>
      </Confirm>
    </>
  );
}
