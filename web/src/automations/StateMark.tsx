import { CircleAlert, CirclePause, CirclePlay } from "lucide-react";
import type { Automation } from "../api/automations";
import { cx } from "../ui/cx";
import { STATES, stateOf } from "./words";

const ICONS = { on: CirclePlay, paused: CirclePause, failing: CircleAlert };
const LOOKS = { on: "text-good", paused: "text-ink-3", failing: "text-bad" };

/** Whether an automation acts: an icon and a word, never colour alone. */
export function StateMark({ automation }: { automation: Automation }) {
  const state = stateOf(automation);
  const Icon = ICONS[state];
  return (
    <span className={cx("inline-flex shrink-0 items-center gap-1 text-xs", LOOKS[state])}>
      <Icon size={14} aria-hidden /> {STATES[state]}
    </span>
  );
}
