import { Database, Hourglass, ListChecks, type LucideIcon, Tag, Webhook } from "lucide-react";
import type { Action, ActionType } from "../api/automations";
import { cx } from "../ui/cx";
import type { Targets } from "./queries";
import { actionLabel, actionWords } from "./words";

export const ACTION_ICONS: Record<ActionType, LucideIcon> = {
  add_to_queue: ListChecks,
  add_to_dataset: Database,
  call_webhook: Webhook,
  extend_retention: Hourglass,
  add_tag: Tag,
};

/** What is done with a trace, as short as it can be told. */
export function ActionChip({ action, targets }: { action: Action; targets: Targets }) {
  const Icon = ACTION_ICONS[action.type] ?? Tag;
  const name = targets.nameOf(action);
  const gone = name === undefined && ["add_to_queue", "add_to_dataset", "call_webhook"].includes(action.type);
  return (
    <li
      title={actionLabel(action.type)}
      className={cx(
        "inline-flex h-6 max-w-full items-center gap-1.5 rounded-sm px-2 text-xs",
        gone ? "bg-warn-soft text-warn" : "bg-well text-ink-2",
      )}
    >
      <Icon size={12} aria-hidden className="shrink-0" />
      <span className="sr-only">{actionLabel(action.type)}: </span>
      <bdi className="truncate">{actionWords(action, name)}</bdi>
    </li>
  );
}
