import { useState } from "react";
import { Section } from "../settings/Page";
import { Field, Select } from "../ui/Field";
import { Markdown } from "../ui/Markdown";
import { Tabs } from "../ui/Tabs";
import type { Draft } from "./draft";
import { Check, Radio } from "./FormParts";
import { PeopleForm } from "./PeopleForm";
import { QuestionPicker } from "./QuestionPicker";

export interface PartProps {
  draft: Draft;
  set: (to: Partial<Draft>) => void;
  wrong: Partial<Record<keyof Draft, string>>;
}

/** Everything that makes a queue what it is. */
export function QueueForm(props: PartProps) {
  return (
    <>
      <About {...props} />
      <Questions {...props} />
      <PeopleForm {...props} />
      <Work {...props} />
      <Seen {...props} />
    </>
  );
}

function About({ draft, set, wrong }: PartProps) {
  const [tab, setTab] = useState<"write" | "preview">("write");
  return (
    <Section title="What it is about">
      <Field label="Name" id="queue-name" error={wrong.name}>
        <input
          id="queue-name"
          className="field"
          maxLength={200}
          aria-invalid={Boolean(wrong.name)}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Field>
      <Field label="Description" id="queue-description" hint="In a line: shown in the list of queues.">
        <input
          id="queue-description"
          className="field"
          maxLength={2000}
          value={draft.description}
          onChange={(event) => set({ description: event.target.value })}
        />
      </Field>
      <Field
        label="Instructions"
        id="queue-instructions"
        hint="Markdown. Reviewers read them before the first item, and with one key at any time."
      >
        <div className="rounded-[6px] border border-line-strong">
          <div className="border-b">
            <Tabs
              label="Instructions"
              panel="instructions-panel"
              value={tab}
              onChange={setTab}
              tabs={[
                { id: "write", label: "Write" },
                { id: "preview", label: "Preview" },
              ]}
            />
          </div>
          <div id="instructions-panel" role="tabpanel" aria-labelledby={`instructions-panel-${tab}`}>
            {tab === "write" ? (
              <textarea
                id="queue-instructions"
                dir="auto"
                rows={8}
                maxLength={20_000}
                className="field resize-y border-0 -outline-offset-2"
                value={draft.instructions}
                onChange={(event) => set({ instructions: event.target.value })}
              />
            ) : (
              <div className="min-h-40 bg-sheet px-4 py-3">
                {draft.instructions ? (
                  <Markdown text={draft.instructions} />
                ) : (
                  <p className="text-ink-3">Nothing yet.</p>
                )}
              </div>
            )}
          </div>
        </div>
      </Field>
    </Section>
  );
}

function Questions({ draft, set, wrong }: PartProps) {
  return (
    <Section title="What is asked">
      <div className="mb-4 flex flex-col gap-1">
        <Radio
          name="asked"
          checked={!draft.everything}
          onChoose={() => set({ everything: false })}
          label="These human reviews, in this order"
        />
        <Radio
          name="asked"
          checked={draft.everything}
          onChoose={() => set({ everything: true })}
          label="Every human review of the project"
          hint="Also those that are defined later. None is required."
        />
      </div>
      {!draft.everything && (
        <div className="mb-5">
          <QuestionPicker value={draft.questions} onChange={(questions) => set({ questions })} />
          {wrong.questions && (
            <p role="alert" className="mt-1 text-sm text-bad">
              {wrong.questions}
            </p>
          )}
        </div>
      )}
      <Field
        label="Correction of the answer"
        id="queue-correction"
        hint="What should have been said, written over what was said."
      >
        <Select
          id="queue-correction"
          className="max-w-72"
          value={draft.correction}
          onChange={(event) => set({ correction: event.target.value as Draft["correction"] })}
          options={[
            { value: "none", label: "Not asked" },
            { value: "optional", label: "Where the reviewer finds one" },
            { value: "required", label: "Required for every item" },
          ]}
        />
      </Field>
    </Section>
  );
}

function Work({ draft, set, wrong }: PartProps) {
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
          hint="Such as evaluator:faithful, or disagreement:rating for what people disagree about."
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

function Seen({ draft, set }: PartProps) {
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
