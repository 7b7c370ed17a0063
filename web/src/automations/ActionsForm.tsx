import { useRef } from "react";
import type { ActionType } from "../api/automations";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { Section } from "../settings/Page";
import { Select } from "../ui/Field";
import { ActionRow } from "./ActionRow";
import type { PartProps } from "./AutomationForm";
import { type ActionDraft, MOST, newAction } from "./draft";
import { ACTION_TYPES } from "./words";

/** What is done with a trace that is chosen. */
export function ActionsForm({ draft, set, wrong, targets }: PartProps) {
  const { actions } = draft;
  const choose = useRef<HTMLSelectElement>(null);
  const put = (next: readonly ActionDraft[]) => set({ actions: next });
  const may = actions.length < MOST.actions;
  const add = (type: ActionType) => {
    const action = newAction(actions, type);
    const [only, ...others] = targets.lists[type as keyof typeof targets.lists] ?? [];
    put([...actions, only && others.length === 0 ? { ...action, target: only.id } : action]);
    requestAnimationFrame(() => document.getElementById(`action-${action.id}`)?.focus());
  };
  useCommand(
    "add-action",
    () => {
      choose.current?.focus();
    },
    { when: may },
  );
  return (
    <Section title="What is done">
      {actions.length > 0 && (
        <ol aria-label="Actions" className="mb-3 border-t">
          {actions.map((action, at) => (
            <ActionRow
              key={action.id}
              action={action}
              at={at}
              targets={targets}
              wrong={wrong}
              set={(to) => put(actions.map((one) => (one.id === action.id ? { ...one, ...to } : one)))}
              remove={() => {
                put(actions.filter(({ id }) => id !== action.id));
                choose.current?.focus();
              }}
            />
          ))}
        </ol>
      )}
      {may && (
        <div className="mb-2 flex items-center gap-2">
          <Select
            ref={choose}
            aria-label="Add an action"
            aria-invalid={wrong.actions !== undefined}
            className="max-w-64"
            value=""
            onChange={(event) => event.target.value && add(event.target.value as ActionType)}
            options={[
              { value: "", label: "Add an action…", disabled: true },
              ...ACTION_TYPES.map(({ type, label }) => {
                const closed = type === "call_webhook" && !targets.mayCall;
                return { value: type, label: closed ? `${label} (for admins)` : label, disabled: closed };
              }),
            ]}
          />
          <Key id="add-action" />
        </div>
      )}
      {wrong.actions && (
        <p role="alert" className="mb-3 text-sm text-bad">
          {wrong.actions}
        </p>
      )}
    </Section>
  );
}
