import { ArrowDown, ArrowUp, X } from "lucide-react";
import type { Fields } from "../traces/useTraces";
import { IconButton } from "../ui/Button";
import { type GroupDraft, type Wrong, wrongAt, wrongFilter } from "./draft";
import { FilterField } from "./FilterField";
import { RateField } from "./RateField";

/** One group of the traces that fit: what belongs to it, and how many of those. */
export function GroupRow({
  group,
  at,
  last,
  fields,
  wrong,
  set,
  move,
  remove,
}: {
  group: GroupDraft;
  at: number;
  last: boolean;
  fields: Fields;
  wrong: Wrong;
  set: (to: Partial<GroupDraft>) => void;
  move: (by: number) => void;
  remove: () => void;
}) {
  const within = `strata[${at}].`;
  const name = group.name || `group ${at + 1}`;
  const nameWrong = wrongAt(wrong, `${within}name`);
  const quotaWrong = wrongAt(wrong, `${within}per_day`);
  return (
    <li className="flex flex-col gap-2 border-b py-3">
      <div className="flex items-center gap-2">
        <span className="num w-4 shrink-0 text-sm text-ink-3">{at + 1}</span>
        <input
          id={`group-${group.id}-name`}
          dir="auto"
          aria-label={`Name of group ${at + 1}`}
          className="field"
          maxLength={64}
          placeholder="Name, such as “rated bad”"
          aria-invalid={nameWrong !== undefined}
          value={group.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <span className="flex shrink-0">
          <IconButton name={`Move ${name} up`} disabled={at === 0} onClick={() => move(-1)}>
            <ArrowUp size={14} aria-hidden />
          </IconButton>
          <IconButton name={`Move ${name} down`} disabled={last} onClick={() => move(1)}>
            <ArrowDown size={14} aria-hidden />
          </IconButton>
          <IconButton name={`Remove ${name}`} onClick={remove}>
            <X size={14} aria-hidden />
          </IconButton>
        </span>
      </div>
      {nameWrong && (
        <p role="alert" className="pl-6 text-sm text-bad">
          {nameWrong}
        </p>
      )}
      <div className="flex flex-col gap-2 pl-6">
        <FilterField
          label={`Which traces belong to ${name}`}
          part="further"
          value={group.filter}
          fields={fields}
          error={wrongFilter(wrong, within)}
          onChange={(filter) => set({ filter })}
        />
        <RateField
          id={`group-${group.id}-rate`}
          label="Share of them"
          value={group.rate}
          error={wrongAt(wrong, `${within}sampling_rate`)}
          onChange={(rate) => set({ rate })}
        />
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <label htmlFor={`group-${group.id}-per-day`} className="w-28 shrink-0 font-medium">
            At most a day
          </label>
          <input
            id={`group-${group.id}-per-day`}
            inputMode="numeric"
            className="field num w-28!"
            placeholder="no limit"
            aria-invalid={quotaWrong !== undefined}
            value={group.perDay}
            onChange={(event) => set({ perDay: event.target.value })}
          />
          {quotaWrong && (
            <p role="alert" className="basis-full text-bad">
              {quotaWrong}
            </p>
          )}
        </div>
      </div>
    </li>
  );
}
