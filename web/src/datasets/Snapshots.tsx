import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { Dataset, Snapshot } from "../api/datasets";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { Button, IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Select } from "../ui/Field";
import { count } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { DatasetDiff } from "./DatasetDiff";
import { useDatasets } from "./queries";

interface SnapshotsProps {
  open: boolean;
  onClose: () => void;
  dataset: Dataset;
}

/** The snapshots of a dataset: made, listed, and compared. */
export function Snapshots(props: SnapshotsProps) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={`Snapshots of ${props.dataset.display_name}`}
      focus={first}
      wide
    >
      <Body {...props} first={first} />
    </Dialog>
  );
}

function Body({ dataset, first }: SnapshotsProps & { first: React.RefObject<HTMLInputElement | null> }) {
  const { api, snapshots, changed } = useDatasets();
  const edits = may(useHere(), "annotate");
  const list = useQuery(snapshots(dataset._id));
  const [pair, setPair] = useState<{ from: string; to: string }>();
  const [gone, setGone] = useState<Snapshot>();
  const made = list.data?.data ?? [];
  return (
    <div className="scroll flex min-h-0 flex-col gap-4 px-4 py-4">
      {edits && <Make dataset={dataset} first={first} />}
      {list.isPending && <Skeleton lines={3} className="px-0" />}
      {list.error && <ErrorLine error={asApiError(list.error)} />}
      {list.isSuccess && made.length === 0 && (
        <p className="max-w-[64ch] text-sm text-ink-2">
          There is none yet. A snapshot keeps the dataset as it is now, whatever becomes of it: to train and to test
          with the same datapoints later, and to see what changed since.
        </p>
      )}
      {made.length > 0 && (
        <>
          <ul aria-label="Snapshots" className="border-t">
            {made.map((snapshot) => (
              <Row
                key={snapshot.id}
                snapshot={snapshot}
                compare={() => setPair({ from: snapshot.id, to: "" })}
                compared={pair?.from === snapshot.id && pair.to === ""}
                remove={edits ? () => setGone(snapshot) : undefined}
              />
            ))}
          </ul>
          {pair && (
            <section aria-label="What changed">
              <div className="mb-3 grid grid-cols-2 gap-3">
                <Chooser name="From" value={pair.from} made={made} change={(from) => setPair({ ...pair, from })} />
                <Chooser name="To" value={pair.to} made={made} now change={(to) => setPair({ ...pair, to })} />
              </div>
              <DatasetDiff key={`${pair.from} ${pair.to}`} dataset={dataset._id} {...pair} />
            </section>
          )}
        </>
      )}
      <Confirm
        open={gone !== undefined}
        onClose={() => setGone(undefined)}
        title={`Delete the snapshot ${gone?.name ?? ""}?`}
        action="Delete the snapshot"
        run={async () => {
          if (!gone) return;
          await api.deleteSnapshot(dataset._id, gone.id);
          if (pair?.from === gone.id || pair?.to === gone.id) setPair(undefined);
          changed(dataset._id);
        }}
      >
        <p>What only it held goes along. The dataset and its other snapshots stay as they are.</p>
      </Confirm>
    </div>
  );
}

function Make({ dataset, first }: { dataset: Dataset; first: React.RefObject<HTMLInputElement | null> }) {
  const { api, changed } = useDatasets();
  const [name, setName] = useState("");
  const { busy, error, run } = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return first.current?.focus();
    void run(async () => {
      const made = await api.makeSnapshot(dataset._id, name.trim());
      setName("");
      changed(dataset._id);
      toast(
        `${made.name} holds ${count(made.datapoints_count)} ${made.datapoints_count === 1 ? "datapoint" : "datapoints"}`,
      );
    });
  };
  return (
    <form onSubmit={submit} noValidate>
      <div className="flex gap-2">
        <input
          ref={first}
          className="field min-w-0 flex-1"
          aria-label="Name of the snapshot"
          placeholder="Release 2"
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button look="primary" type="submit" disabled={busy}>
          Make a snapshot
        </Button>
      </div>
      {error && <ErrorLine error={error} />}
    </form>
  );
}

function Row({
  snapshot,
  compare,
  compared,
  remove,
}: {
  snapshot: Snapshot;
  compare: () => void;
  compared: boolean;
  remove: (() => void) | undefined;
}) {
  const { name, datapoints_count: held, created_at } = snapshot;
  return (
    <li className="flex min-h-11 items-center gap-3 border-b py-1.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium" title={name}>
          {name}
        </p>
        <p className="num text-xs text-ink-3">
          {count(held)} {held === 1 ? "datapoint" : "datapoints"}, <Time iso={created_at} />
        </p>
      </div>
      <Button small aria-pressed={compared} onClick={compare}>
        What changed since
      </Button>
      {remove && (
        <IconButton name={`Delete ${name}`} onClick={remove}>
          <Trash2 size={16} aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

function Chooser({
  name,
  value,
  made,
  now,
  change,
}: {
  name: string;
  value: string;
  made: Snapshot[];
  /** Whether the dataset as it is can be chosen. */
  now?: boolean;
  change: (id: string) => void;
}) {
  const id = `snapshot-${name}`;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {name}
      </label>
      <Select
        id={id}
        value={value}
        onChange={(event) => change(event.target.value)}
        options={[
          ...(now ? [{ value: "", label: "As it is now" }] : []),
          ...made.map((snapshot) => ({ value: snapshot.id, label: snapshot.name })),
        ]}
      />
    </div>
  );
}
