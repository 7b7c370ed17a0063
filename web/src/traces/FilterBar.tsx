import { useQuery } from "@tanstack/react-query";
import { ListFilter, X } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { cx } from "../ui/cx";
import { fieldOf, type Suggestion, suggestFields, suggestValues } from "./complete";
import { chip, parse, parseToken, print, printTerm, resolve, type Term } from "./filterText";
import { termLabel } from "./labels";
import type { Window } from "./search";
import type { Fields } from "./useTraces";

/** The values that complete a token: known ones, else those that occur. */
function useValues(token: string, fields: Fields, window: Window, when: boolean) {
  const { api, project } = useHere();
  const typed = fieldOf(token);
  const field = typed && resolve(typed, fields.names, fields.keys);
  const known = fields.list.find(({ name, aliases }) => name === field || aliases?.includes(field ?? ""))?.enum_values;
  const review = fields.reviews.find(({ key }) => `annotation.${key}` === field);
  const fixed = known ?? (review?.type === "boolean" ? ["true", "false"] : review?.option_values);
  const facet = useQuery({
    queryKey: [project.key, "facet", field, window.from],
    queryFn: () => api.facet(field ?? "", window.from, window.to),
    enabled: when && Boolean(field) && !fixed?.length,
    staleTime: 60_000,
    retry: false,
  });
  if (!field) return undefined;
  return fixed?.length ? fixed.map((value) => ({ value })) : (facet.data?.values ?? []);
}

/** The filter as chips with a field to type the next one in. Backspace takes the last chip back as text. */
export function FilterBar({
  text,
  fields,
  window,
  onChange,
  label = "Filter traces",
  placeholder = "Filter, or words to find",
  part,
  invalid,
}: {
  text: string;
  fields: Fields;
  window: Window;
  onChange: (text: string) => void;
  /** What it is called, where there are several. */
  label?: string;
  placeholder?: string;
  /** Part of a form, beside others: what is typed counts when it is left, and `/` goes there only if it is the first. */
  part?: "first" | "further";
  invalid?: boolean;
}) {
  const terms = parse(text);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  useCommand("filter", () => input.current?.focus(), { when: part !== "further" });
  const values = useValues(typed, fields, window, open);
  const rows: Suggestion[] = !open ? [] : values ? suggestValues(typed, values) : suggestFields(typed, fields);
  const marked = rows[at];

  const isTyped = (text: string) => text.toLowerCase() === typed.trim().toLowerCase();
  const commit = (next: Term[]) => onChange(print(next));
  const add = (token: string) => {
    const term = parseToken(token);
    if (term) commit([...terms, term]);
    setTyped("");
    setAt(-1);
    // What was asked for is there: the list below is not to be covered until somebody types again.
    setOpen(false);
  };
  const choose = (row: Suggestion) => {
    if (row.open) setTyped(row.token);
    else add(row.token);
    setAt(-1);
    input.current?.focus();
  };
  const edit = (index: number) => {
    const term = terms[index];
    if (!term) return;
    commit(terms.filter((_, other) => other !== index));
    setTyped(printTerm(term));
    setOpen(true);
    input.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && !open) {
      event.preventDefault();
      setOpen(true);
    } else if (step !== 0 && rows.length > 0) {
      event.preventDefault();
      setAt((now) => (now + step + rows.length) % rows.length);
    } else if (event.key === "Enter" || (event.key === "Tab" && (marked || typed))) {
      event.preventDefault();
      // Whoever wrote out the name of a field means the field, not the word.
      const named = rows.find(({ open, token, label }) => open && [token.slice(0, -1), label].some(isTyped));
      if (marked ?? named) choose((marked ?? named) as Suggestion);
      else if (typed.trim()) add(typed.trim());
    } else if (event.key === " " && parseToken(typed)?.field && (typed.match(/"/g)?.length ?? 0) % 2 === 0) {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "" && terms.length > 0) {
      event.preventDefault();
      edit(terms.length - 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (typed) {
        setTyped("");
        setOpen(false);
      } else input.current?.blur();
    }
  };
  const labelOf = (term: Term) => termLabel(term, fields);
  return (
    <div className="relative min-w-0 flex-1">
      <div className="flex min-h-8 flex-wrap items-center gap-1 rounded-[6px] border border-line-strong bg-sheet py-0.5 pr-1 pl-2 focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent has-aria-invalid:border-bad">
        <ListFilter size={16} aria-hidden className="text-ink-3" />
        <ul aria-label={part ? `Terms of: ${label}` : "Filters"} className="contents">
          {terms.map((term, index) => (
            <li key={printTerm(term)} className="flex h-6 max-w-full items-center rounded-sm bg-well text-sm">
              <button
                type="button"
                className="min-w-0 truncate pl-1.5"
                title="Edit as text"
                onClick={() => edit(index)}
              >
                {chip(term, labelOf(term))}
              </button>
              <button
                type="button"
                aria-label={`Remove filter ${chip(term, labelOf(term))}`}
                className="px-1 text-ink-2 hover:text-ink"
                onClick={() => commit(terms.filter((_, other) => other !== index))}
              >
                <X size={12} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
        <input
          ref={input}
          className="h-6 min-w-12 flex-1 bg-transparent text-sm outline-none"
          placeholder={terms.length === 0 ? placeholder : ""}
          aria-label={label}
          role="combobox"
          aria-invalid={invalid}
          aria-expanded={rows.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={marked && `${listId}-${at}`}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onFocus={() => setOpen(true)}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setOpen(false);
            setAt(-1);
            if (part && typed.trim()) add(typed.trim());
          }}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(-1);
            setOpen(true);
          }}
          onKeyDown={press}
        />
        {terms.length === 0 && !open && part !== "further" && <Key id="filter" />}
        {terms.length > 0 && (
          <button type="button" aria-label="Remove all filters" className="p-1 text-ink-2" onClick={() => onChange("")}>
            <X size={14} aria-hidden />
          </button>
        )}
      </div>
      {rows.length > 0 && (
        <div
          id={listId}
          role="listbox"
          aria-label="Suggestions"
          className="floating absolute inset-x-0 top-full z-30 mt-1 max-w-md p-1"
        >
          {rows.map((row, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys
            <div
              key={row.token}
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(row)}
              className={cx(
                "flex h-8 items-center gap-3 rounded-sm px-2 text-sm",
                index === at ? "bg-hover" : "hover:bg-hover",
              )}
            >
              <span className="flex-1 truncate">{row.label}</span>
              <span className="truncate font-mono text-xs text-ink-3">{row.note}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
