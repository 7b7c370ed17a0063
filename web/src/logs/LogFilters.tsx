import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useHere } from "../app/project";
import { useThrottled } from "../app/useLive";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { duration, money, shortModel } from "../ui/format";
import { Menu } from "../ui/Menu";
import type { LogSearch } from "./search";

export type ChangeLogs = (next: { [Name in keyof LogSearch]?: LogSearch[Name] | undefined }) => void;

/** The names that occur in the traces of the last month. */
function useNames(field: "model" | "provider") {
  const { api, project } = useHere();
  const names = useQuery({
    queryKey: [project.key, "log-names", field],
    queryFn: async () => {
      const now = Date.now();
      const from = new Date(now - 30 * 86_400_000).toISOString();
      return (await api.facet(field, from, new Date(now + 60_000).toISOString())).values.map(({ value }) => value);
    },
    staleTime: 300_000,
  });
  return names.data ?? [];
}

interface Choice<T> {
  value: T | undefined;
  label: string;
}

function Chooser<T>({
  name,
  choices,
  value,
  choose,
}: {
  name: string;
  choices: Choice<T>[];
  value: T | undefined;
  choose: (value: T | undefined) => void;
}) {
  const chosen = choices.find((choice) => choice.value === value);
  const label = chosen?.label ?? String(value);
  return (
    <Menu
      trigger={
        <Button
          aria-label={`${name}: ${label}`}
          className={cx("max-w-48", value !== undefined && "border-ink font-medium")}
        >
          <span className="truncate">{label}</span>
        </Button>
      }
      entries={choices.map((choice) => ({
        id: String(choice.value ?? ""),
        label: choice.label,
        chosen: choice.value === value,
        run: () => choose(choice.value),
      }))}
    />
  );
}

/** Words to find; sought a moment after the last letter. */
function Words({ search, change }: { search: LogSearch; change: ChangeLogs }) {
  const [typed, setTyped] = useState(search.q ?? "");
  const input = useRef<HTMLInputElement>(null);
  const seek = useThrottled(() => change({ q: typed.trim() || undefined }), 400);
  useCommand("filter", () => input.current?.focus());
  useEffect(() => {
    // The address changed by itself: back and forward, or another filter.
    if (document.activeElement !== input.current) setTyped(search.q ?? "");
  }, [search.q]);
  const set = (text: string) => {
    setTyped(text);
    seek();
  };
  return (
    <div className="flex h-8 min-w-40 flex-1 items-center gap-1 rounded-[6px] border border-line-strong bg-sheet px-2 focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent max-sm:basis-full">
      <Search size={16} aria-hidden className="shrink-0 text-ink-3" />
      <input
        ref={input}
        className="h-6 min-w-0 flex-1 bg-transparent text-sm outline-none"
        aria-label="Words to find"
        placeholder="Words to find"
        value={typed}
        maxLength={1000}
        spellCheck={false}
        onChange={(event) => set(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          if (typed) set("");
          else input.current?.blur();
        }}
      />
      {typed ? (
        <button type="button" aria-label="Remove the words" className="p-1 text-ink-2" onClick={() => set("")}>
          <X size={14} aria-hidden />
        </button>
      ) : (
        <Key id="filter" />
      )}
    </div>
  );
}

const LATENCIES = [500, 1000, 2000, 5000, 10_000, 30_000];
const COSTS = [0.0001, 0.001, 0.01, 0.1, 1];

/** The usual bounds, and the one of the address. */
function atLeast(any: string, bounds: number[], current: number | undefined, say: (bound: number) => string) {
  const all = [...new Set([...bounds, ...(current === undefined ? [] : [current])])].sort((a, b) => a - b);
  return [{ value: undefined, label: any }, ...all.map((value) => ({ value, label: say(value) ?? String(value) }))];
}

/** What narrows the list of logs. */
export function LogFilters({ search, change, brief }: { search: LogSearch; change: ChangeLogs; brief: boolean }) {
  const providers = useNames("provider");
  const models = useNames("model");
  const named = (names: string[], current: string | undefined, any: string, say: (name: string) => string) => [
    { value: undefined, label: any },
    ...[...new Set([...names, ...(current ? [current] : [])])].map((name) => ({ value: name, label: say(name) })),
  ];
  return (
    <div className="flex flex-wrap gap-2 border-b px-3 py-2">
      <Words search={search} change={change} />
      {!brief && (
        <>
          <Chooser
            name="Status"
            value={search.status}
            choose={(status) => change({ status })}
            choices={[
              { value: undefined, label: "Any status" },
              { value: "ok" as const, label: "Only ok" },
              { value: "error" as const, label: "Only errors" },
            ]}
          />
          <Chooser
            name="Provider"
            value={search.provider}
            choose={(provider) => change({ provider })}
            choices={named(providers, search.provider, "Any provider", (name) => name)}
          />
          <Chooser
            name="Model"
            value={search.model}
            choose={(model) => change({ model })}
            choices={named(models, search.model, "Any model", (name) => shortModel(name))}
          />
          <Chooser
            name="Latency"
            value={search.slow}
            choose={(slow) => change({ slow })}
            choices={atLeast("Any latency", LATENCIES, search.slow, (ms) => `${duration(ms)} or more`)}
          />
          <Chooser
            name="Cost"
            value={search.dear}
            choose={(dear) => change({ dear })}
            choices={atLeast("Any cost", COSTS, search.dear, (cost) => `${money(cost, "USD")} or more`)}
          />
          <Chooser
            name="Feedback"
            value={search.judged}
            choose={(judged) => change({ judged })}
            choices={[
              { value: undefined, label: "Any feedback" },
              { value: true, label: "With feedback" },
              { value: false, label: "Without feedback" },
            ]}
          />
        </>
      )}
    </div>
  );
}
