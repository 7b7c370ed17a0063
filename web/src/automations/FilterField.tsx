import { useMemo } from "react";
import { FilterBar } from "../traces/FilterBar";
import { parse } from "../traces/filterText";
import type { Window } from "../traces/search";
import type { Fields } from "../traces/useTraces";
import { Select } from "../ui/Field";
import type { FilterDraft } from "./draft";

/** What is offered while a value is typed: what occurred in this time. */
function useWindow(): Window {
  return useMemo(() => {
    const now = Date.now();
    return { from: new Date(now - 30 * 86_400_000).toISOString(), to: new Date(now + 60_000).toISOString() };
  }, []);
}

/** Which traces are meant, written as in the list of traces. */
export function FilterField({
  label,
  value,
  fields,
  onChange,
  part,
  error,
}: {
  label: string;
  value: FilterDraft;
  fields: Fields;
  onChange: (to: FilterDraft) => void;
  part: "first" | "further";
  error: string | undefined;
}) {
  const window = useWindow();
  const several = parse(value.text).length > 1;
  return (
    <div className="flex min-w-0 flex-wrap items-start gap-2">
      <div className="flex min-w-0 flex-1 basis-64">
        <FilterBar
          label={label}
          placeholder="Filter, or words to find"
          part={part}
          text={value.text}
          fields={fields}
          window={window}
          invalid={error !== undefined}
          onChange={(text) => onChange({ ...value, text })}
        />
      </div>
      {several && (
        <Select
          aria-label={`${label}: how many of the terms must hold`}
          className="w-auto! shrink-0"
          value={value.any ? "or" : "and"}
          onChange={(event) => onChange({ ...value, any: event.target.value === "or" })}
          options={[
            { value: "and", label: "All of these" },
            { value: "or", label: "One of these" },
          ]}
        />
      )}
      {error && (
        <p role="alert" className="basis-full text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
