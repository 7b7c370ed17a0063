import { Pencil, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { ApiError } from "../api/error";
import type { LogDetail } from "../api/types";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { characters } from "../review/answers";
import { keepDraft, readDraft } from "../review/drafts";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { Markdown } from "../ui/Markdown";
import { ErrorLine } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { DiffText } from "./DiffText";
import { diff } from "./diff";

/** What was answered beside what should have been answered. */
export function Correction({
  log,
  original,
  allowed,
  nameOf,
  onSave,
  onRemove,
}: {
  log: LogDetail;
  original: string;
  allowed: boolean;
  nameOf: (who: NonNullable<LogDetail["correction"]>["by"]) => string;
  onSave: (value: string) => Promise<ApiError | undefined>;
  onRemove: () => void;
}) {
  const place = `${log.id} correction`;
  const [editing, setEditing] = useState(() => readDraft(place) !== undefined);
  const { correction } = log;
  const pieces = useMemo(() => diff(original, correction?.value ?? original), [original, correction]);
  useCommand("correct", () => setEditing(true), { when: allowed && !editing });
  if (editing) {
    return (
      <Editor
        place={place}
        first={correction?.value ?? original}
        original={original}
        onSave={onSave}
        onDone={() => setEditing(false)}
        onAgain={() => setEditing(true)}
      />
    );
  }
  return (
    <section aria-label="Answer" className="border-t">
      <div className={cx("grid", correction && "md:grid-cols-2 md:divide-x")}>
        <div className="border-s-2 border-s-accent bg-sheet px-4 py-3">
          <h3 className="mb-1 flex h-7 items-center text-xs font-semibold text-ink-2">Assistant</h3>
          {correction ? <DiffText pieces={pieces} drop="added" /> : <Markdown text={original} />}
        </div>
        {correction && (
          <div className="bg-sheet px-4 py-3 max-md:border-t">
            <div className="mb-1 flex h-7 items-center gap-2">
              <h3 className="text-xs font-semibold text-good">Correction</h3>
              <span className="min-w-0 flex-1 truncate text-xs text-ink-3">
                by {nameOf(correction.by)}, <Time iso={correction.at} />
              </span>
              {allowed && (
                <>
                  <IconButton name="Edit the correction" className="size-7" onClick={() => setEditing(true)}>
                    <Pencil size={14} aria-hidden />
                  </IconButton>
                  <IconButton name="Remove the correction" className="size-7" onClick={onRemove}>
                    <Trash2 size={14} aria-hidden />
                  </IconButton>
                </>
              )}
            </div>
            <DiffText pieces={pieces} drop="removed" />
          </div>
        )}
      </div>
      {!correction && allowed && (
        <div className="px-4 py-3">
          <Button onClick={() => setEditing(true)}>
            <Pencil size={14} aria-hidden /> Add correction <Key id="correct" />
          </Button>
        </div>
      )}
    </section>
  );
}

function Editor({
  place,
  first,
  original,
  onSave,
  onDone,
  onAgain,
}: {
  place: string;
  first: string;
  original: string;
  onSave: (value: string) => Promise<ApiError | undefined>;
  onDone: () => void;
  /** Opens the editor again, for what was put aside by mistake. */
  onAgain: () => void;
}) {
  const [text, setText] = useState(() => readDraft(place) ?? first);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const pieces = useMemo(() => diff(original, text), [original, text]);
  const done = () => {
    keepDraft(place, undefined);
    onDone();
  };
  const cancel = () => {
    done();
    if (text === first) return;
    const back = () => {
      keepDraft(place, text);
      onAgain();
    };
    toast("What you wrote was put aside", { action: { label: "Bring it back", run: back } });
  };
  const save = async () => {
    if (busy || text.trim() === "") return;
    setBusy(true);
    const failed = await onSave(text);
    setBusy(false);
    setError(failed);
    if (!failed) done();
  };
  useCommand("save-correction", () => void save(), { whileTyping: true });
  return (
    <section aria-label="Correct the answer" className="border-t">
      <div className="grid md:grid-cols-2 md:divide-x">
        <div className="border-s-2 border-s-accent bg-sheet px-4 py-3">
          <h3 className="mb-1 flex h-7 items-center text-xs font-semibold text-ink-2">Assistant</h3>
          <DiffText pieces={pieces} drop="added" />
        </div>
        <div className="px-4 py-3 max-md:border-t">
          <label htmlFor="correction" className="mb-1 flex h-7 items-center text-xs font-semibold text-good">
            What should have been said
          </label>
          <textarea
            ref={box}
            id="correction"
            dir="auto"
            rows={Math.min(24, Math.max(5, text.split("\n").length + Math.floor(characters(text) / 70)))}
            className="field text-read"
            aria-invalid={Boolean(error)}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              keepDraft(place, event.target.value);
            }}
          />
          {error && <ErrorLine error={error} />}
          <div className="mt-2 flex items-center gap-2">
            <Button look="primary" disabled={busy || text.trim() === ""} onClick={() => void save()}>
              {busy ? "Saving…" : "Save"}
            </Button>
            <Button look="quiet" onClick={cancel}>
              Cancel
            </Button>
            <span className="num flex-1 text-right text-xs text-ink-3">{characters(text)} characters</span>
            <Key id="save-correction" />
          </div>
        </div>
      </div>
    </section>
  );
}
