import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { Dataset } from "../api/datasets";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { DownloadButton } from "../ui/DownloadButton";
import { Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { FILES, FORMATS, type FormatId, fileName } from "./formats";
import { useDatasets } from "./queries";

interface ExportProps {
  open: boolean;
  onClose: () => void;
  dataset: Dataset;
}

/** Asks as what a dataset leaves, and hands over the file. */
export function ExportDialog(props: ExportProps) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={props.open} onClose={props.onClose} title={`Export ${props.dataset.display_name}`} focus={first}>
      <Body {...props} first={first} />
    </Dialog>
  );
}

function Body({ onClose, dataset, first }: ExportProps & { first: React.RefObject<HTMLInputElement | null> }) {
  const { api, snapshots } = useDatasets();
  const made = useQuery(snapshots(dataset._id));
  const [snapshot, setSnapshot] = useState("");
  const [files, setFiles] = useState("jsonl");
  const [format, setFormat] = useState<FormatId>("jsonl");
  const [percent, setPercent] = useState("0");
  const [split, setSplit] = useState("");
  const { busy, error, run } = useWork();
  const [bytes, setBytes] = useState(0);
  const test = Number(percent);
  const wrong = percent.trim() === "" || !Number.isInteger(test) || test < 0 || test > 100;
  const folder = format === "huggingface";
  const part = test > 0 && !folder ? split : "";
  const frozen = made.data?.data.find(({ id }) => id === snapshot);
  const name = fileName(frozen ? `${dataset.display_name}-${frozen.name}` : dataset.display_name, format, part);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    setBytes(0);
    void run(async () => {
      const choice = { format, ...(test > 0 ? { test_percent: test } : {}), ...(part ? { split: part } : {}) };
      const which = { ...(folder ? { files } : {}), ...(snapshot ? { snapshot_id: snapshot } : {}) };
      await api.exportDataset(dataset._id, { ...choice, ...which }, name, setBytes);
      toast(`${name} is downloaded`);
      onClose();
    });
  };
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <div className="scroll flex min-h-0 flex-col gap-4 px-4 py-4">
        <fieldset>
          <legend className="mb-1 text-sm font-medium">As</legend>
          {FORMATS.map(({ id, name, about }, at) => (
            <label
              key={id}
              className={cx("flex gap-2.5 rounded-[6px] px-2 py-1.5", id === format ? "bg-well" : "hover:bg-hover")}
            >
              <input
                ref={at === 0 ? first : undefined}
                type="radio"
                name="format"
                className="mt-0.5 size-4 shrink-0 accent-(--accent)"
                checked={id === format}
                onChange={() => setFormat(id)}
              />
              <span className="min-w-0">
                <span className="block text-sm font-medium">{name}</span>
                <span className="block text-xs text-ink-2">{about}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {folder && (
          <div>
            <label htmlFor="export-files" className="mb-1 block text-sm font-medium">
              Its files hold
            </label>
            <Select
              id="export-files"
              value={files}
              onChange={(event) => setFiles(event.target.value)}
              options={FILES}
            />
          </div>
        )}
        {made.data && made.data.data.length > 0 && (
          <div>
            <label htmlFor="export-snapshot" className="mb-1 block text-sm font-medium">
              State
            </label>
            <Select
              id="export-snapshot"
              value={snapshot}
              onChange={(event) => setSnapshot(event.target.value)}
              options={[
                { value: "", label: "As it is now" },
                ...made.data.data.map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
          </div>
        )}
        <div>
          <div className="grid grid-cols-2 gap-3">
            <div>
              <label htmlFor="export-percent" className="mb-1 block text-sm font-medium">
                Per cent for testing
              </label>
              <input
                id="export-percent"
                type="number"
                min={0}
                max={100}
                className="field num"
                aria-invalid={wrong}
                aria-describedby="export-split-hint"
                value={percent}
                onChange={(event) => setPercent(event.target.value)}
              />
            </div>
            <div>
              <label htmlFor="export-part" className="mb-1 block text-sm font-medium">
                Part
              </label>
              <Select
                id="export-part"
                disabled={test === 0 || folder}
                value={part}
                onChange={(event) => setSplit(event.target.value)}
                options={[
                  { value: "", label: "All of it" },
                  { value: "train", label: "For training" },
                  { value: "test", label: "For testing" },
                ]}
              />
            </div>
          </div>
          <p id="export-split-hint" className="mt-1 text-xs text-ink-2">
            {wrong
              ? "A whole number from 0 to 100."
              : "A question stays in its part when others are added or its answer is corrected, and is never in both."}
          </p>
        </div>
        {error && <ErrorLine error={error} />}
      </div>
      <div className="flex items-center justify-end gap-2 border-t px-4 py-3">
        <span className="min-w-0 flex-1 truncate font-mono text-xs text-ink-2" title={name}>
          {name}
        </span>
        <Button onClick={onClose}>Cancel</Button>
        <DownloadButton busy={busy} bytes={bytes} disabled={wrong} />
      </div>
    </form>
  );
}
