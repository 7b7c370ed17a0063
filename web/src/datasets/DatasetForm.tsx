import { type FormEvent, useRef, useState } from "react";
import type { Dataset } from "../api/datasets";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { useDatasets } from "./queries";

interface FormProps {
  open: boolean;
  onClose: () => void;
  /** The one that is changed; a new one is made without it. */
  dataset?: Dataset | undefined;
  onDone: (dataset: Dataset) => void;
}

/** Names a dataset and says in which folder it stands. */
export function DatasetForm(props: FormProps) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={props.dataset ? "Rename or move the dataset" : "New dataset"}
      focus={first}
    >
      <Body {...props} first={first} />
    </Dialog>
  );
}

function Body({ onClose, dataset, onDone, first }: FormProps & { first: React.RefObject<HTMLInputElement | null> }) {
  const { api, changed } = useDatasets();
  const [name, setName] = useState(dataset?.display_name ?? "");
  const [folder, setFolder] = useState(dataset?.path ?? "");
  const [missing, setMissing] = useState(false);
  const { busy, error, run } = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") {
      setMissing(true);
      first.current?.focus();
      return;
    }
    const body = { display_name: name.trim(), path: folder.trim() };
    void run(async () => {
      const done = await (dataset ? api.change(dataset._id, body) : api.create(body));
      changed(done._id);
      onClose();
      onDone(done);
    });
  };
  const wrong = (field: string) => (error?.field === field ? error.message : undefined);
  const wrongName = missing ? "Give it a name: what its datapoints are for." : wrong("display_name");
  return (
    <form onSubmit={submit} noValidate className="scroll">
      <div className="px-4 pt-4">
        <Field label="Name" id="dataset-name" error={wrongName}>
          <input
            ref={first}
            id="dataset-name"
            className="field"
            placeholder="Refund questions"
            aria-invalid={wrongName !== undefined}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              setMissing(false);
            }}
          />
        </Field>
        <Field
          label="Folder (not needed)"
          id="dataset-path"
          error={wrong("path")}
          hint="Folders in folders are separated by slashes: support/2026."
        >
          <input
            id="dataset-path"
            className="field"
            aria-invalid={wrong("path") !== undefined}
            value={folder}
            onChange={(event) => setFolder(event.target.value)}
          />
        </Field>
        {error && !wrongName && !wrong("path") && <ErrorLine error={error} />}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          {dataset ? "Save" : "Create"}
        </Button>
      </div>
    </form>
  );
}
