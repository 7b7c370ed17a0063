import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { cx } from "../ui/cx";
import { Dialog } from "../ui/Overlay";
import { Key } from "./Key";
import { COMMANDS, type CommandId } from "./table";
import { runCommand, useBoundCommands } from "./useCommand";

/** Something else the palette can do: go to a project, search for words. */
export interface PaletteEntry {
  id: string;
  label: string;
  group: string;
  run: () => void;
}

interface Row extends PaletteEntry {
  command?: CommandId;
}

const HIDDEN: ReadonlySet<string> = new Set(["palette", "open-trace"]);

/** What the words are found in: every word of the query must begin a word of the label, in any order. */
export function matches(query: string, label: string): boolean {
  const found = label.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return wanted.every((word) => found.some((candidate) => candidate.startsWith(word)));
}

export function Palette({
  open,
  onClose,
  extra,
  search,
}: {
  open: boolean;
  onClose: () => void;
  extra: PaletteEntry[];
  /** Finds words in traces; absent where nobody may read them. */
  search?: (words: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title="Search and run commands" hideTitle focus={input}>
      <PaletteBody input={input} onClose={onClose} extra={extra} {...(search ? { search } : {})} />
    </Dialog>
  );
}

function PaletteBody({
  input,
  onClose,
  extra,
  search,
}: Omit<Parameters<typeof Palette>[0], "open"> & { input: RefObject<HTMLInputElement | null> }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const bound = useBoundCommands();
  const rows = useMemo<Row[]>(() => {
    const commands = bound
      .filter((id) => !HIDDEN.has(id) && !id.startsWith("option-"))
      .map((id) => ({
        id,
        command: id,
        label: COMMANDS[id].label,
        group: COMMANDS[id].group,
        run: () => runCommand(id),
      }));
    const found: Row[] = [...commands, ...extra].filter((row) => matches(query, row.label));
    const words = query.trim();
    if (words && search)
      found.push({ id: "search", label: `Find “${words}” in traces`, group: "Traces", run: () => search(words) });
    return found;
  }, [bound, extra, query, search]);
  const marked = rows[Math.min(at, rows.length - 1)];
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  const choose = (row: Row | undefined) => {
    if (!row) return;
    onClose();
    // The command acts on the page, so the dialog must be gone first.
    requestAnimationFrame(() => row.run());
  };
  return (
    <>
      <input
        ref={input}
        className="w-full border-b bg-transparent px-4 py-3 text-md -outline-offset-2"
        placeholder="Type a command or words to find"
        aria-label="Command"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={marked && `palette-${marked.id}`}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            setAt((now) => (Math.min(now, rows.length - 1) + step + rows.length) % Math.max(rows.length, 1));
          } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            choose(marked);
          }
        }}
      />
      <div ref={list} id="palette-list" role="listbox" aria-label="Commands" className="scroll flex-1 p-1">
        {rows.map((row) => (
          <div
            key={row.id}
            id={`palette-${row.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={row === marked}
            onClick={() => choose(row)}
            onKeyDown={() => undefined}
            className={cx("flex h-9 items-center gap-3 rounded-sm px-3 text-base", row === marked && "bg-hover")}
          >
            <span className="flex-1 truncate">{row.label}</span>
            <span className="text-xs text-ink-3">{row.group}</span>
            {row.command && <Key id={row.command} />}
          </div>
        ))}
        {rows.length === 0 && <p className="px-3 py-4 text-ink-2">Nothing fits.</p>}
      </div>
    </>
  );
}
