import { useState } from "react";
import { Section } from "../settings/Page";
import { Field, Select } from "../ui/Field";
import { Markdown } from "../ui/Markdown";
import { Tabs } from "../ui/Tabs";
import type { Draft } from "./draft";
import { Radio } from "./FormParts";
import { PeopleForm } from "./PeopleForm";
import { QuestionPicker } from "./QuestionPicker";
import { Seen, Work } from "./WorkForm";

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
