import { Check } from "../queues/FormParts";
import { Section } from "../settings/Page";
import type { Fields } from "../traces/useTraces";
import { Field } from "../ui/Field";
import { ActionsForm } from "./ActionsForm";
import { asksForFeedback, type Draft, type Wrong, wrongAt, wrongFilter } from "./draft";
import { FilterField } from "./FilterField";
import type { Targets } from "./queries";
import { SamplingForm } from "./SamplingForm";

export interface PartProps {
  draft: Draft;
  set: (to: Partial<Draft>) => void;
  wrong: Wrong;
  fields: Fields;
  targets: Targets;
}

/** Everything that makes an automation what it is: which traces, how many of them, when, and what is done. */
export function AutomationForm(props: PartProps) {
  return (
    <>
      <About {...props} />
      <Which {...props} />
      <SamplingForm {...props} />
      <ActionsForm {...props} />
      <When {...props} />
    </>
  );
}

function About({ draft, set, wrong }: PartProps) {
  return (
    <Section title="What it is">
      <Field label="Name" id="automation-name" error={wrongAt(wrong, "name")}>
        <input
          id="automation-name"
          dir="auto"
          className="field"
          maxLength={128}
          placeholder="Bad answers to the experts"
          aria-invalid={wrongAt(wrong, "name") !== undefined}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Field>
      <Field label="Description (not needed)" id="automation-description" error={wrongAt(wrong, "description")}>
        <textarea
          id="automation-description"
          dir="auto"
          rows={2}
          maxLength={500}
          className="field"
          aria-invalid={wrongAt(wrong, "description") !== undefined}
          value={draft.description}
          onChange={(event) => set({ description: event.target.value })}
        />
      </Field>
    </Section>
  );
}

function Which({ draft, set, wrong, fields }: PartProps) {
  return (
    <Section
      title="Which traces"
      about="The filter of the list of traces, with what people and evaluators said. Without one, every trace."
    >
      <div className="mb-5">
        <FilterField
          label="Which traces"
          part="first"
          value={draft.filter}
          fields={fields}
          error={wrongFilter(wrong)}
          onChange={(filter) => set({ filter })}
        />
      </div>
    </Section>
  );
}

function When({ draft, set, wrong }: PartProps) {
  const seconds = (name: "quiet" | "idle", label: string, field: string) => (
    <label className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
      <span className="min-w-0">{label}</span>
      <span className="flex items-center gap-2">
        <input
          inputMode="numeric"
          className="field num w-20!"
          aria-invalid={wrongAt(wrong, field) !== undefined}
          value={draft[name]}
          onChange={(event) => set({ [name]: event.target.value })}
        />
        seconds
      </span>
      {wrongAt(wrong, field) && (
        <span role="alert" className="basis-full text-bad">
          {wrongAt(wrong, field)}
        </span>
      )}
    </label>
  );
  const triggers = wrongAt(wrong, "triggers");
  const late = [draft.filter, ...draft.groups.map(({ filter }) => filter)].some(({ text }) => asksForFeedback(text));
  return (
    <Section title="When" about="A trace is acted on at most once, however often it is looked at.">
      <fieldset className="mb-5" aria-describedby={triggers ? "automation-triggers-error" : undefined}>
        <legend className="sr-only">When a trace is looked at</legend>
        <Check
          checked={draft.settled}
          onToggle={() => set({ settled: !draft.settled })}
          label="When a trace is complete"
        />
        {draft.settled && (
          <div className="mb-2 ml-6 flex flex-col gap-2 text-ink-2">
            {seconds("quiet", "Its first span has ended, and nothing more came for", "quiet_seconds")}
            {seconds("idle", "Or the end never came, and it was silent for", "idle_seconds")}
          </div>
        )}
        <Check
          checked={draft.feedback}
          onToggle={() => set({ feedback: !draft.feedback })}
          label="When feedback comes or goes: what a person says, or an evaluator"
        />
        {late && !draft.feedback && (
          <p role="status" className="mt-1 text-sm text-warn">
            What is asked for is said by people or evaluators, which mostly happens after a trace is complete. Without
            feedback, such traces are missed.
          </p>
        )}
        {triggers && (
          <p role="alert" id="automation-triggers-error" className="mt-1 text-sm text-bad">
            {triggers}
          </p>
        )}
      </fieldset>
    </Section>
  );
}
