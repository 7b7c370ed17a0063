import { FileUp } from "lucide-react";
import { type ChangeEvent, useRef, useState } from "react";
import type { Dataset, ImportDone, ImportPreview } from "../api/datasets";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { ImportColumns } from "./ImportColumns";
import { ImportRows } from "./ImportRows";
import { useDatasets } from "./queries";

interface ImportProps {
  open: boolean;
  onClose: () => void;
  dataset: Dataset;
}

/** Takes a file, shows what it would become and what is wrong with it, and imports it. */
export function ImportDialog(props: ImportProps) {
  const first = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={`Import into ${props.dataset.display_name}`}
      focus={first}
      wide
    >
      <Body {...props} first={first} />
    </Dialog>
  );
}

function Body({ onClose, dataset, first }: ImportProps & { first: React.RefObject<HTMLButtonElement | null> }) {
  const { api, changed } = useDatasets();
  const chooser = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [preview, setPreview] = useState<ImportPreview>();
  const [skip, setSkip] = useState(false);
  const [again, setAgain] = useState(false);
  const { busy, error, run } = useWork();
  const look = (next: File, mapping: Record<string, string>) =>
    void run(async () => setPreview(await api.preview(dataset._id, next, mapping)));
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const [next] = event.target.files ?? [];
    // The same file can be chosen again after it was mended.
    event.target.value = "";
    if (!next) return;
    setFile(next);
    setPreview(undefined);
    setSkip(false);
    look(next, {});
  };
  const mapping = Object.fromEntries((preview?.columns ?? []).map(({ name, target }) => [name, target]));
  const good = preview ? preview.rows - preview.bad_rows : 0;
  const submit = () =>
    void (
      file &&
      run(async () => {
        const done = await api.importFile(dataset._id, file, { mapping, skip, duplicates: again ? "add" : "skip" });
        changed(dataset._id);
        toast(tell(done));
        onClose();
      })
    );
  return (
    <div className="flex min-h-0 flex-col">
      <div className="scroll flex min-h-0 flex-col gap-4 px-4 py-4">
        <div className="flex flex-wrap items-center gap-3">
          <Button ref={first} disabled={busy} onClick={() => chooser.current?.click()}>
            <FileUp size={16} aria-hidden /> {file ? "Another file" : "Choose a file"}
          </Button>
          <input
            ref={chooser}
            type="file"
            accept=".csv,.tsv,.jsonl,.ndjson,.txt,text/csv,application/x-ndjson"
            aria-label="File to import"
            className="sr-only"
            tabIndex={-1}
            onChange={choose}
          />
          <span role="status" className="min-w-0 flex-1 truncate text-sm text-ink-2">
            {file
              ? `${file.name}${preview ? `: ${count(preview.rows)} ${preview.rows === 1 ? "row" : "rows"}` : ""}`
              : ""}
            {busy && !preview && " is read…"}
          </span>
        </div>
        {!file && (
          <p className="max-w-[64ch] text-sm text-ink-2">
            CSV with a head, or JSON lines: questions with the answers they should have had, or a file that was exported
            here. At most 50,000 rows and 64 MB. Nothing is stored before you have seen what it becomes.
          </p>
        )}
        {error && <ErrorLine error={error} />}
        {preview && file && (
          <>
            <ImportColumns
              columns={preview.columns}
              busy={busy}
              change={(name, target) => look(file, { ...mapping, [name]: target })}
            />
            <ImportRows preview={preview} />
            <div className="flex flex-col gap-1 text-sm">
              {preview.bad_rows > 0 && good > 0 && (
                <label className="flex min-h-8 items-center gap-2">
                  <input
                    type="checkbox"
                    className="size-4 accent-(--accent)"
                    checked={skip}
                    onChange={() => setSkip(!skip)}
                  />
                  Leave out what cannot be imported
                </label>
              )}
              <label className="flex min-h-8 items-center gap-2">
                <input
                  type="checkbox"
                  className="size-4 accent-(--accent)"
                  checked={again}
                  onChange={() => setAgain(!again)}
                />
                Also add what is in the dataset already
              </label>
            </div>
          </>
        )}
      </div>
      <div className="flex items-center justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="primary"
          disabled={busy || !preview || good === 0 || (preview.bad_rows > 0 && !skip)}
          onClick={submit}
        >
          {busy && preview ? "Working…" : preview && good > 0 ? `Import ${count(good)}` : "Import"}
        </Button>
      </div>
    </div>
  );
}

/** What an import did, in words. */
function tell({ imported, already_there, skipped }: ImportDone): string {
  const also = [
    already_there > 0 &&
      `${count(already_there)} ${already_there === 1 ? "was" : "were"} there already, or twice in the file`,
    skipped > 0 && `${count(skipped)} left out`,
  ].filter(Boolean);
  return [imported > 0 ? `${count(imported)} imported` : "Nothing new", ...also].join("; ");
}
