import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { cx } from "./cx";

interface Note {
  id: number;
  text: string;
  bad: boolean;
  action?: { label: string; run: () => void };
}

let notes: Note[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(to: Note[]): void {
  notes = to;
  for (const listener of listeners) listener();
}

const dismiss = (id: number) => change(notes.filter((note) => note.id !== id));

/** Says something at the edge of the screen for a while. */
export function toast(text: string, options: { bad?: boolean; action?: Note["action"] } = {}): void {
  const note: Note = { id: next++, text, bad: options.bad ?? false };
  if (options.action) note.action = options.action;
  change([...notes.slice(-2), note]);
  setTimeout(() => dismiss(note.id), note.bad || note.action ? 10_000 : 4000);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notes,
  );
  return (
    <section
      aria-label="Messages"
      aria-live="polite"
      className="fixed right-4 bottom-4 z-50 flex flex-col items-end gap-2 max-sm:bottom-15 max-sm:left-4"
    >
      {shown.map((note) => (
        <div
          key={note.id}
          className={cx("floating flex items-center gap-3 py-2 pr-2 pl-4 text-sm", note.bad && "text-bad")}
        >
          <span className="min-w-0 break-words">{note.text}</span>
          {note.action && (
            <button
              type="button"
              className="shrink-0 font-medium text-accent"
              onClick={() => {
                dismiss(note.id);
                note.action?.run();
              }}
            >
              {note.action.label}
            </button>
          )}
          <button type="button" aria-label="Dismiss" className="p-1 text-ink-3" onClick={() => dismiss(note.id)}>
            <X size={14} aria-hidden />
          </button>
        </div>
      ))}
    </section>
  );
}
