import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Database, Plus } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useEffect, useEffectEvent, useRef, useState } from "react";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useKeyName } from "../keys/keymap";
import { useCommand } from "../keys/useCommand";
import { Button, IconButton } from "../ui/Button";
import { count } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { useDatasets } from "./queries";

/** What one call may take. */
export const MOST = 1000;

export interface Source {
  trace_id: string;
  span_id?: string;
  /** The item of a queue it is added from. */
  queue_item_id?: string;
}

interface AddProps {
  /** What is added, in words. */
  what: string;
  /** The spans it is taken from; a trace stands for the span whose answer it shows. */
  sources: Source[];
  /** Everything that matches instead: done by a job. */
  matching?: (dataset: string) => Promise<unknown>;
  onAdded?: () => void;
}

/** The way into a dataset from anywhere: a key, a button (or none), and the picker that both open. */
export function AddToDataset({ look, ...props }: AddProps & { look: "icon" | "button" | "key" }) {
  const here = useHere();
  const [open, setOpen] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const shortcut = useKeyName("add-to-dataset");
  const allowed = may(here, "annotate") && may(here, "read");
  const some = props.sources.length > 0 || Boolean(props.matching);
  useCommand("add-to-dataset", () => setOpen(true), { when: allowed && some });
  if (!allowed) return null;
  return (
    <>
      {look === "icon" && (
        <IconButton name="Add to a dataset" shortcut={shortcut} disabled={!some} onClick={() => setOpen(true)}>
          <Database size={16} aria-hidden />
        </IconButton>
      )}
      {look === "button" && (
        <Button small disabled={!some} onClick={() => setOpen(true)}>
          Add to dataset <Key id="add-to-dataset" />
        </Button>
      )}
      <Dialog open={open} onClose={() => setOpen(false)} title={`Add ${props.what} to a dataset`} focus={first}>
        <Picker {...props} onClose={() => setOpen(false)} first={first} />
      </Dialog>
    </>
  );
}

/** What became of what was to be added. */
function tell(taken: { already_there?: boolean }[], name: string): string {
  const there = taken.filter(({ already_there }) => already_there).length;
  const added = taken.length - there;
  if (there === 0) return `${count(added)} added to ${name}`;
  const before = taken.length === 1 ? "It is there already" : `${count(there)} ${there === 1 ? "was" : "were"} there`;
  return `${added > 0 ? `${count(added)} added to ${name}` : `Nothing new in ${name}`}. ${before}`;
}

function Picker({
  sources,
  matching,
  onAdded,
  onClose,
  first,
}: AddProps & { onClose: () => void; first: React.RefObject<HTMLInputElement | null> }) {
  const { project } = useHere();
  const { api, list: listQuery, changed } = useDatasets();
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const name = words.trim();
  const asked = useDeferredValue(name);
  const found = useInfiniteQuery(listQuery(asked));
  // Enter came before the list for these words: it holds as soon as that is there.
  const [entered, setEntered] = useState(false);
  const rows = found.data?.pages.flatMap(({ data }) => data) ?? [];
  const list = useRef<HTMLUListElement>(null);
  const { busy, error, run } = useWork();
  const many = matching ? 0 : sources.length;
  const taken = rows.some(({ display_name }) => display_name.toLowerCase() === name.toLowerCase());
  const add = (dataset?: { _id: string; display_name: string }) =>
    void run(async () => {
      const into = dataset ?? (await api.create({ display_name: name }));
      try {
        const params = { project: project.key, dataset: into._id };
        if (matching) await matching(into._id);
        const told = matching
          ? `They are being added to ${into.display_name}`
          : tell(await api.take(into._id, sources), into.display_name);
        toast(told, {
          action: { label: "Open it", run: () => void navigate({ to: "/p/$project/datasets/$dataset", params }) },
        });
      } finally {
        changed(into._id);
      }
      onClose();
      onAdded?.();
    });
  const press = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    (at + by < 0 ? first.current : buttons[Math.min(buttons.length - 1, at + by)])?.focus();
  };
  const enter = () => {
    const [only] = rows;
    if (only && (rows.length === 1 || name !== "")) add(only);
    else if (name !== "") add();
  };
  const ready = asked === name && found.isSuccess && !found.isPlaceholderData;
  const enterNow = useEffectEvent(enter);
  useEffect(() => {
    if (!entered || !ready) return;
    setEntered(false);
    enterNow();
  }, [entered, ready]);
  const row =
    "flex min-h-10 w-full items-center gap-3 px-2 text-left text-sm -outline-offset-2 hover:bg-hover disabled:opacity-50";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the field and the list
    <div className="flex min-h-0 flex-col gap-3 p-4" onKeyDown={press}>
      <input
        ref={first}
        className="field"
        aria-label="Find a dataset, or name a new one"
        placeholder="Find a dataset, or name a new one"
        value={words}
        onChange={(event) => {
          setEntered(false);
          setWords(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing && !busy && many <= MOST) setEntered(true);
        }}
      />
      {many > MOST && (
        <p role="alert" className="text-sm text-bad">
          At most {count(MOST)} can be added one by one; these are {count(many)}. Select all that match instead.
        </p>
      )}
      {found.isPending && <Skeleton lines={3} className="px-0" />}
      {found.error && <ErrorLine error={asApiError(found.error)} />}
      {error && <ErrorLine error={error} />}
      {(rows.length > 0 || name !== "") && (
        <ul ref={list} aria-label="Datasets" className="scroll max-h-72 border-t">
          {rows.map((dataset) => (
            <li key={dataset._id} className="border-b">
              <button type="button" disabled={busy || many > MOST} onClick={() => add(dataset)} className={row}>
                <span className="min-w-0 flex-1 truncate">
                  <span className="font-medium">{dataset.display_name}</span>
                  {dataset.path && <span className="text-xs text-ink-3"> in {dataset.path}</span>}
                </span>
                <span className="num shrink-0 text-xs text-ink-3">{count(dataset.metadata.datapoints_count)}</span>
              </button>
            </li>
          ))}
          {name !== "" && !taken && (
            <li className="border-b">
              <button type="button" disabled={busy || many > MOST} onClick={() => add()} className={row}>
                <Plus size={16} aria-hidden className="shrink-0 text-accent" />
                <span className="min-w-0 truncate">
                  New dataset <span className="font-medium">{name}</span>
                </span>
              </button>
            </li>
          )}
        </ul>
      )}
      {found.isSuccess && rows.length === 0 && name === "" && (
        <p className="text-sm text-ink-2">There is no dataset yet. Write a name to make the first.</p>
      )}
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 text-xs text-ink-2">
          The question becomes the messages, the correction (or else the answer) the expected output. What people said
          comes along.
        </p>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </div>
  );
}
