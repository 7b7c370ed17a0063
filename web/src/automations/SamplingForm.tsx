import { Plus } from "lucide-react";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { Section } from "../settings/Page";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import type { PartProps } from "./AutomationForm";
import { type GroupDraft, MOST, newGroup, wrongAt } from "./draft";
import { GroupRow } from "./GroupRow";
import { RateField } from "./RateField";

/** How many of the traces that fit: one rate for all, or one for each group of them, and how many a day. */
export function SamplingForm(props: PartProps) {
  const { draft, set, wrong, fields } = props;
  const { groups } = draft;
  const put = (next: readonly GroupDraft[]) => set({ groups: next });
  const may = groups.length < MOST.groups;
  const add = () => {
    const group = newGroup(groups);
    put([...groups, group]);
    requestAnimationFrame(() => document.getElementById(`group-${group.id}-name`)?.focus());
  };
  const move = (at: number, by: number) => {
    const next = [...groups];
    const [one] = next.splice(at, 1);
    if (one) next.splice(at + by, 0, one);
    put(next);
  };
  useCommand("add-group", add, { when: may });
  return (
    <Section
      title="How many of them"
      about={
        groups.length > 0
          ? "A trace belongs to the first group that it fits. What fits none is the rest."
          : "The id of a trace decides whether it is chosen: looked at again, it is chosen again."
      }
    >
      {groups.length > 0 && (
        <ol aria-label="Groups" className="mb-3 border-t">
          {groups.map((group, at) => (
            <GroupRow
              key={group.id}
              group={group}
              at={at}
              last={at === groups.length - 1}
              fields={fields}
              wrong={wrong}
              set={(to) => put(groups.map((one) => (one.id === group.id ? { ...one, ...to } : one)))}
              move={(by) => move(at, by)}
              remove={() => put(groups.filter(({ id }) => id !== group.id))}
            />
          ))}
        </ol>
      )}
      <div className="mb-4">
        <RateField
          id="automation-rate"
          label={groups.length > 0 ? "The rest" : "Share of them"}
          value={draft.rate}
          error={wrongAt(wrong, "sampling_rate")}
          onChange={(rate) => set({ rate })}
        />
      </div>
      {may && (
        <div className="mb-5 flex flex-wrap items-center gap-x-3 gap-y-1">
          <Button onClick={add}>
            <Plus size={14} aria-hidden /> Add a group <Key id="add-group" />
          </Button>
          {groups.length === 0 && (
            <span className="text-xs text-ink-2">Such as: all that are rated bad, and 20 % of the rest.</span>
          )}
        </div>
      )}
      <Field
        label="At most a day (not needed)"
        id="automation-per-day"
        error={wrongAt(wrong, "per_day")}
        hint={groups.length > 0 ? "Of all groups together; a day is one of UTC." : "A day is one of UTC."}
      >
        <span className="flex items-center gap-2 text-sm">
          <input
            id="automation-per-day"
            inputMode="numeric"
            className="field num w-28!"
            placeholder="no limit"
            aria-invalid={wrongAt(wrong, "per_day") !== undefined}
            value={draft.perDay}
            onChange={(event) => set({ perDay: event.target.value })}
          />
          traces
        </span>
      </Field>
    </Section>
  );
}
