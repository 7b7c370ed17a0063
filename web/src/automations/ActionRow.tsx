import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { PRIORITIES } from "../queues/Items";
import { IconButton } from "../ui/Button";
import { Select } from "../ui/Field";
import { ErrorLine } from "../ui/State";
import { ACTION_ICONS } from "./ActionChip";
import { type ActionDraft, targetField, type Wrong, wrongAt } from "./draft";
import type { Targets } from "./queries";
import { actionLabel } from "./words";

/** One thing that is done, with what it needs to know. */
export function ActionRow({
  action,
  at,
  targets,
  wrong,
  set,
  remove,
}: {
  action: ActionDraft;
  at: number;
  targets: Targets;
  wrong: Wrong;
  set: (to: Partial<ActionDraft>) => void;
  remove: () => void;
}) {
  const Icon = ACTION_ICONS[action.type];
  const label = actionLabel(action.type);
  const error = wrongAt(wrong, `actions[${at}]`);
  return (
    <li className="border-b py-2.5">
      <fieldset aria-label={`Action ${at + 1}: ${label}`}>
        <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2 sm:grid-cols-[144px_minmax(0,1fr)_auto]">
          <span className="flex h-[34px] items-center gap-2 text-sm font-medium">
            <Icon size={16} aria-hidden className="shrink-0 text-ink-3" /> {label}
          </span>
          <IconButton
            name={`Remove the action: ${label}`}
            className="size-8 sm:order-last pointer-coarse:size-11"
            onClick={remove}
          >
            <X size={14} aria-hidden />
          </IconButton>
          <div className="min-w-0 max-sm:col-span-2">
            <Fields action={action} at={at} targets={targets} wrong={wrong} set={set} />
          </div>
        </div>
        {error && (
          <p role="alert" className="mt-1 text-sm text-bad sm:pl-38">
            {error}
          </p>
        )}
      </fieldset>
    </li>
  );
}

type FieldsProps = Pick<Parameters<typeof ActionRow>[0], "action" | "at" | "targets" | "wrong" | "set">;

function Fields(props: FieldsProps) {
  const { action, at, wrong, set } = props;
  const id = `action-${action.id}`;
  if (action.type === "extend_retention")
    return (
      <span className="flex items-center gap-2 text-sm">
        <label htmlFor={id}>at least</label>
        <input
          id={id}
          inputMode="numeric"
          className="field num w-20!"
          aria-invalid={wrongAt(wrong, `actions[${at}].days`) !== undefined}
          value={action.days}
          onChange={(event) => set({ days: event.target.value })}
        />
        days
      </span>
    );
  if (action.type === "add_tag")
    return (
      <input
        id={id}
        dir="auto"
        aria-label="Tag"
        className="field"
        maxLength={64}
        placeholder="needs-review"
        aria-invalid={wrongAt(wrong, `actions[${at}].tag`) !== undefined}
        value={action.tag}
        onChange={(event) => set({ tag: event.target.value })}
      />
    );
  return (
    <div className="flex flex-col gap-2">
      <TargetPicker {...props} />
      {action.type === "add_to_queue" && <QueueFields {...props} />}
    </div>
  );
}

const WHAT = {
  add_to_queue: { name: "Queue", none: "There is no queue yet." },
  add_to_dataset: { name: "Dataset", none: "There is no dataset yet." },
  call_webhook: { name: "Webhook", none: "There is no webhook yet: they are made in the settings." },
};

function TargetPicker({ action, at, targets, wrong, set }: FieldsProps) {
  const { project } = useHere();
  const type = action.type as keyof typeof WHAT;
  if (type === "call_webhook" && !targets.mayCall)
    return <p className="py-2 text-sm text-ink-2">Which one is for an admin to see and to choose.</p>;
  const list = targets.lists[type];
  const { name, none } = WHAT[type];
  const gone = action.target !== "" && list !== undefined && !list.some(({ id }) => id === action.target);
  const params = { project: project.key };
  const make: Record<keyof typeof WHAT, ReactNode> = {
    add_to_queue: (
      <Link to="/p/$project/queues/$queue/edit" params={{ ...params, queue: "new" }} className="text-accent underline">
        Make one
      </Link>
    ),
    add_to_dataset: (
      <Link to="/p/$project/datasets" params={params} className="text-accent underline">
        Make one
      </Link>
    ),
    call_webhook: null,
  };
  return (
    <>
      <Select
        id={`action-${action.id}`}
        aria-label={name}
        aria-invalid={gone || wrongAt(wrong, targetField(action.type, at)) !== undefined}
        value={action.target}
        onChange={(event) => set({ target: event.target.value })}
        options={[
          { value: "", label: list === undefined ? "…" : `Choose a ${name.toLowerCase()}…`, disabled: true },
          ...(gone ? [{ value: action.target, label: `The ${name.toLowerCase()} is gone: choose another` }] : []),
          ...(list ?? []).map((one) => ({ value: one.id, label: one.name })),
        ]}
      />
      {targets.failed[type] && <ErrorLine error={asApiError(targets.failed[type])} />}
      {list?.length === 0 && (
        <p className="text-sm text-ink-2">
          {none} {make[type]}
        </p>
      )}
    </>
  );
}

function QueueFields({ action, targets, set }: FieldsProps) {
  const gone = action.assignee !== "" && !targets.people.some(({ id }) => id === action.assignee);
  const known = PRIORITIES.some(({ value }) => value === action.priority);
  return (
    <div className="grid gap-2 sm:grid-cols-3">
      <Select
        aria-label="What is judged"
        value={action.kind}
        onChange={(event) => set({ kind: event.target.value as ActionDraft["kind"] })}
        options={[
          { value: "span", label: "Its answer" },
          { value: "trace", label: "The whole trace" },
        ]}
      />
      <Select
        aria-label="Priority"
        value={action.priority}
        onChange={(event) => set({ priority: event.target.value })}
        options={[
          ...PRIORITIES.map(({ value, label }) => ({ value, label: `${label} priority` })),
          ...(known ? [] : [{ value: action.priority, label: `Priority ${action.priority}` }]),
        ]}
      />
      <Select
        aria-label="Assigned to"
        value={action.assignee}
        onChange={(event) => set({ assignee: event.target.value })}
        options={[
          { value: "", label: "For anybody" },
          ...(gone ? [{ value: action.assignee, label: "For somebody who is not known here" }] : []),
          ...targets.people.map(({ id, name }) => ({ value: id, label: `For ${name}` })),
        ]}
      />
    </div>
  );
}
