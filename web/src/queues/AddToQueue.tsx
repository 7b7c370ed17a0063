import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useRef, useState } from "react";
import { asApiError } from "../api/error";
import type { ItemInput } from "../api/queues";
import { may, useHere } from "../app/project";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { type Adder, carry, said } from "./carried";
import { queueListQuery } from "./queries";
import { useQueuesApi } from "./useDesk";

interface AddProps {
  open: boolean;
  onClose: () => void;
  /** What is added, in words. */
  what: string;
  items?: ItemInput[];
  /** Everything that matches: done by a job, or said in words what became of it. */
  matching?: (queue: string, name: string) => Promise<unknown>;
  /** The trace that the span belongs to, where either can be meant. */
  whole?: string;
  /** More are chosen than can be named one by one. */
  most?: boolean;
  onAdded?: () => void;
}

/** Asks to which queue something is added. */
export function AddToQueue(props: AddProps) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={props.open} onClose={props.onClose} title={`Add ${props.what} to a queue`} focus={first}>
      <Picker {...props} first={first} />
    </Dialog>
  );
}

function Picker({
  onClose,
  what,
  items,
  matching,
  whole,
  most,
  onAdded,
  first,
}: AddProps & { first: React.RefObject<HTMLInputElement | null> }) {
  const here = useHere();
  const { project } = here;
  const api = useQueuesApi();
  const client = useQueryClient();
  const queues = useQuery(queueListQuery(api, project.key));
  const [words, setWords] = useState("");
  const [wholeTrace, setWholeTrace] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const { busy, error, run } = useWork();
  const found = (queues.data ?? []).filter(({ display_name }) =>
    display_name.toLowerCase().includes(words.trim().toLowerCase()),
  );
  const navigate = useNavigate();
  const adder: Adder = async (id, name) => {
    if (matching) {
      const told = await matching(id, name);
      return typeof told === "string" ? told : undefined;
    }
    const text = said(await api.add(id, wholeTrace && whole ? [{ trace_id: whole }] : (items ?? [])), name);
    onAdded?.();
    return text;
  };
  const add = (id: string, name: string) =>
    void run(async () => {
      const text = await adder(id, name);
      const go = () => void navigate({ to: "/p/$project/queues/$queue", params: { project: project.key, queue: id } });
      toast(text ?? `Adding ${what} to ${name}`, { action: { label: "Go to the queue", run: go } });
      onClose();
      for (const what of ["queues", "queue", "traces", "trace", "span", "logs"])
        void client.invalidateQueries({ queryKey: [project.key, what] });
    });
  const press = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    (at + by < 0 ? first.current : buttons[Math.min(buttons.length - 1, at + by)])?.focus();
  };
  const [only] = found;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the field and the list
    <div className="flex min-h-0 flex-col gap-3 p-4" onKeyDown={press}>
      <input
        ref={first}
        className="field"
        aria-label="Find a queue"
        placeholder="Find a queue"
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && only && !event.nativeEvent.isComposing && !busy) add(only.id, only.display_name);
        }}
      />
      {whole && (
        <label className="flex min-h-8 items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-(--accent)"
            checked={wholeTrace}
            onChange={() => setWholeTrace(!wholeTrace)}
          />
          The whole trace, not only this span
        </label>
      )}
      {most && (
        <p role="alert" className="text-sm text-bad">
          At most 1,000 can be added one by one. Select all that match instead.
        </p>
      )}
      {queues.isPending && <Skeleton lines={3} className="px-0" />}
      {queues.error && <ErrorLine error={asApiError(queues.error)} />}
      {error && <ErrorLine error={error} />}
      {found.length > 0 && (
        <ul ref={list} aria-label="Queues" className="scroll max-h-72 border-t">
          {found.map(({ id, display_name, progress }) => (
            <li key={id} className="border-b">
              <button
                type="button"
                disabled={busy || most}
                onClick={() => add(id, display_name)}
                className="flex min-h-10 w-full items-center gap-3 px-2 text-left text-sm -outline-offset-2 hover:bg-hover"
              >
                <span className="min-w-0 flex-1 truncate font-medium">{display_name}</span>
                <span className="num text-xs text-ink-3">
                  {count(progress.total)} {progress.total === 1 ? "item" : "items"}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {queues.isSuccess && found.length === 0 && (
        <p className="text-sm text-ink-2">{words ? "No queue has this name." : "There is no queue yet."}</p>
      )}
      <div className="flex items-center justify-end gap-2">
        {may(here, "define") && (
          <button
            type="button"
            disabled={most}
            className="mr-auto text-sm text-accent underline disabled:opacity-60"
            onClick={() => {
              carry({ project: project.key, what: wholeTrace ? "the whole trace" : what, add: adder });
              void navigate({
                to: "/p/$project/queues/$queue/edit",
                params: { project: project.key, queue: "new" },
                search: { carry: true },
              });
            }}
          >
            Make a new queue for {wholeTrace ? "the whole trace" : what}
          </button>
        )}
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </div>
  );
}
