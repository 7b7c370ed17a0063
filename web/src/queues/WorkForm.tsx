import { Section } from "../settings/Page";
import { Field, Select } from "../ui/Field";
import type { Draft } from "./draft";
import { Check } from "./FormParts";
import type { PartProps } from "./QueueForm";

/** In which order, and how long somebody keeps an item. */
export function Work({ draft, set, wrong }: PartProps) {
  return (
    <Section title="Order and time">
      <Field label="Which item comes first" id="queue-order">
        <Select
          id="queue-order"
          className="max-w-72"
          value={draft.orderBy}
          onChange={(event) => set({ orderBy: event.target.value as Draft["orderBy"] })}
          options={[
            { value: "oldest", label: "The oldest" },
            { value: "newest", label: "The newest" },
            { value: "random", label: "Any: in another order for each reviewer" },
            { value: "field", label: "By a field" },
          ]}
        />
      </Field>
      {draft.orderBy === "field" && (
        <Field
          label="Field"
          id="queue-field"
          error={wrong.orderField}
          hint="Such as evaluator.faithful, annotation.rating, or disagreement.rating for what people disagree about."
        >
          <div className="flex flex-wrap items-center gap-3">
            <input
              id="queue-field"
              className="field max-w-72"
              aria-invalid={Boolean(wrong.orderField)}
              value={draft.orderField}
              onChange={(event) => set({ orderField: event.target.value })}
            />
            <Check
              checked={draft.descending}
              onToggle={() => set({ descending: !draft.descending })}
              label="The highest first"
            />
          </div>
        </Field>
      )}
      <Field
        label="Minutes that an item is kept for somebody who left"
        id="queue-lease"
        error={wrong.leaseMinutes}
        hint="While the page is open, the item stays with its reviewer. Afterwards it goes to the others."
      >
        <input
          id="queue-lease"
          inputMode="decimal"
          className="field num w-28"
          aria-invalid={Boolean(wrong.leaseMinutes)}
          value={draft.leaseMinutes}
          onChange={(event) => set({ leaseMinutes: event.target.value.replace(",", ".") })}
        />
      </Field>
      <Field label="Due (not needed)" id="queue-due">
        <input
          id="queue-due"
          type="date"
          className="field num w-44"
          value={draft.due}
          onChange={(event) => set({ due: event.target.value })}
        />
      </Field>
    </Section>
  );
}

/** What reviewers see of an item. */
export function Seen({ draft, set }: PartProps) {
  const names = (name: "attributes" | "metadata" | "masked", label: string, hint: string) => (
    <Field label={label} id={`queue-${name}`} hint={hint}>
      <input
        id={`queue-${name}`}
        className="field"
        value={draft[name]}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Field>
  );
  return (
    <Section title="What reviewers see">
      <Field label="Messages" id="queue-messages">
        <Select
          id="queue-messages"
          className="max-w-72"
          value={draft.messages}
          onChange={(event) => set({ messages: event.target.value as Draft["messages"] })}
          options={[
            { value: "all", label: "The whole conversation" },
            { value: "last", label: "The last question and its answer" },
            { value: "none", label: "None: only attributes and metadata" },
          ]}
        />
      </Field>
      <div className="mb-5">
        <Check
          checked={draft.system}
          onToggle={() => set({ system: !draft.system })}
          label="Show the instructions of the model"
        />
      </div>
      <Field
        label="Verdicts of evaluators"
        id="queue-evaluators"
        hint="Seen before, they lead people to agree with the machine."
      >
        <Select
          id="queue-evaluators"
          className="max-w-72"
          value={draft.evaluators}
          onChange={(event) => set({ evaluators: event.target.value as Draft["evaluators"] })}
          options={[
            { value: "after", label: "After the item was judged" },
            { value: "shown", label: "From the start" },
            { value: "hidden", label: "Never" },
          ]}
        />
      </Field>
      {names("attributes", "Attributes beside the conversation", "Names, with commas between them.")}
      {names("metadata", "Metadata beside the conversation", "Names, with commas between them.")}
      {names(
        "masked",
        "Hidden from reviewers",
        "Attributes that never leave the server for them: names, with commas between them.",
      )}
    </Section>
  );
}
