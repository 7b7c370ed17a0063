import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, CircleCheck, CircleDashed, CircleSlash, Minus, X } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Outcome, Run } from "../api/automations";
import { cx } from "../ui/cx";
import { Time } from "../ui/Time";
import { Asked } from "./Asked";
import { actionLabel, outcomeLabel, TRIGGERS } from "./words";

const OUTCOME_ICONS = { acted: CircleCheck, not_sampled: CircleDashed, over_quota: CircleSlash, failed: CircleAlert };
const OUTCOME_LOOKS: Record<Outcome, string> = {
  acted: "text-good",
  not_sampled: "text-ink-3",
  over_quota: "text-warn",
  failed: "text-bad",
};
const DONE_ICONS = { done: Check, nothing_to_do: Minus, failed: X };
const DONE_WORDS = { done: "done", nothing_to_do: "nothing to do", failed: "failed" };

/** What happened with one trace, and why. */
export function RunRow({ run, project, marked }: { run: Run; project: string; marked: boolean }) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (marked) row.current?.scrollIntoView({ block: "nearest" });
  }, [marked]);
  const Icon = OUTCOME_ICONS[run.outcome] ?? CircleDashed;
  return (
    <li
      ref={row}
      data-marked={marked || undefined}
      className={cx(
        "grid gap-x-4 gap-y-1 border-b px-2 py-2.5 text-sm sm:grid-cols-[132px_minmax(0,1fr)_96px]",
        marked && "bg-hover",
      )}
    >
      <span className={cx("flex items-center gap-1.5 self-start", OUTCOME_LOOKS[run.outcome])}>
        <Icon size={14} aria-hidden className="shrink-0" /> {outcomeLabel(run.outcome)}
      </span>
      <div className="min-w-0">
        <Link
          to="/p/$project/traces/$trace"
          params={{ project, trace: run.trace_id }}
          className="block truncate font-medium hover:underline"
        >
          <bdi>{run.trace_name || run.trace_id}</bdi>
          {run.trace_input && <Asked text={run.trace_input} />}
        </Link>
        <p className="break-words text-ink-2">
          {run.reason} <span className="text-xs text-ink-3">Looked at {TRIGGERS[run.trigger] ?? run.trigger}.</span>
        </p>
        {run.actions.length > 0 && (
          <ul aria-label="Actions" className="mt-1 flex flex-col gap-0.5">
            {run.actions.map((action, at) => {
              const Mark = DONE_ICONS[action.outcome] ?? Minus;
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: what was done stands in the order it was done in
                <li key={at} className={cx("flex gap-1.5", action.outcome === "failed" ? "text-bad" : "text-ink-2")}>
                  <Mark size={14} aria-hidden className="mt-0.5 shrink-0" />
                  <span className="sr-only">{DONE_WORDS[action.outcome]}: </span>
                  <span className="min-w-0 break-words">{action.detail || actionLabel(action.type)}</span>
                </li>
              );
            })}
          </ul>
        )}
      </div>
      <Time iso={run.at} className="text-xs text-ink-3 sm:text-right" />
    </li>
  );
}
