import { useQuery } from "@tanstack/react-query";
import { settingsApi } from "../api";
import { useHere } from "../app/project";
import { Section } from "../settings/Page";
import { roleLabel } from "../settings/roles";
import { Field } from "../ui/Field";
import { Check, Radio } from "./FormParts";
import type { PartProps } from "./QueueForm";

/** Who judges, how many of them each item, and what they know of each other. */
export function PeopleForm({ draft, set, wrong }: PartProps) {
  const { project } = useHere();
  const members = useQuery({
    queryKey: [project.key, "members"],
    queryFn: async () => (await settingsApi(project.project_id).members()).data,
    staleTime: 60_000,
  });
  const reviewers = (members.data ?? []).filter(({ role }) => role !== "viewer");
  const toggle = (id: string) =>
    set({
      reviewers: draft.reviewers.includes(id) ? draft.reviewers.filter((one) => one !== id) : [...draft.reviewers, id],
    });
  return (
    <Section title="Who judges">
      <div className="mb-4 flex flex-col gap-1">
        <Radio
          name="open"
          checked={draft.openToAll}
          onChoose={() => set({ openToAll: true })}
          label="Everybody who may review in this project"
        />
        <Radio
          name="open"
          checked={!draft.openToAll}
          onChoose={() => set({ openToAll: false })}
          label="Only these members"
        />
        {!draft.openToAll && (
          <fieldset className="ml-6">
            <legend className="sr-only">Reviewers</legend>
            {reviewers.map(({ id, display_name, role }) => (
              <Check
                key={id}
                checked={draft.reviewers.includes(id)}
                onToggle={() => toggle(id)}
                label={
                  <>
                    {display_name} <span className="text-ink-3">{roleLabel(role)}</span>
                  </>
                }
              />
            ))}
          </fieldset>
        )}
      </div>
      <Field label="People per item" id="queue-overlap" error={wrong.overlap}>
        <input
          id="queue-overlap"
          inputMode="numeric"
          className="field num w-20"
          aria-invalid={Boolean(wrong.overlap)}
          value={draft.overlap}
          onChange={(event) => set({ overlap: event.target.value })}
        />
      </Field>
      <div className="mb-5 flex flex-col gap-1">
        <Radio
          name="blind"
          checked={draft.blind}
          onChoose={() => set({ blind: true })}
          label="Blind"
          hint="Nobody who judges an item sees what another said of it before it is complete. Those who manage queues do, until they judge it too."
        />
        <Radio
          name="blind"
          checked={!draft.blind}
          onChoose={() => set({ blind: false })}
          label="Open"
          hint="Everybody sees who said what."
        />
      </div>
    </Section>
  );
}
