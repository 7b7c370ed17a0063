/** What an automation is and did, in words. */
import type { Action, ActionType, Automation, Matching, Outcome, Run } from "../api/automations";
import { chip, parse } from "../traces/filterText";
import { type Labelled, termLabel } from "../traces/labels";
import { count } from "../ui/format";
import { filterDraftOf } from "./draft";

/** Which traces are meant. */
export function filterWords(matching: Matching, fields: Labelled): string {
  const terms = parse(filterDraftOf(matching).text);
  if (terms.length === 0) return "Every trace";
  const joint = matching.filter_operator === "or" ? "; or " : " and ";
  return terms.map((term) => chip(term, termLabel(term, fields))).join(joint);
}

const percent = (rate: number): string => `${rate} %`;

/** How many of them are acted on. */
export function rateWords({
  sampling_rate,
  strata,
  per_day,
}: Pick<Automation, "sampling_rate" | "strata" | "per_day">) {
  const parts = strata.map((group) => `${group.name} ${percent(group.sampling_rate)}${quotaWords(group.per_day)}`);
  const rest = strata.length > 0 ? `the rest ${percent(sampling_rate)}` : percent(sampling_rate);
  return `${[...parts, rest].join(", ")}${per_day === undefined ? "" : `; at most ${count(per_day)} a day`}`;
}

const quotaWords = (per_day: number | undefined) => (per_day === undefined ? "" : ` (at most ${count(per_day)} a day)`);

export type State = "on" | "paused" | "failing";

/** Failing is what went wrong the last time it had something to do. */
export function stateOf({ enabled, last_error, last_acted_at }: Automation): State {
  if (!enabled) return "paused";
  const failed = last_error && (!last_acted_at || Date.parse(last_error.at) >= Date.parse(last_acted_at));
  return failed ? "failing" : "on";
}

export const STATES: Record<State, string> = { on: "On", paused: "Paused", failing: "Failing" };

export const ACTION_TYPES: readonly { type: ActionType; label: string; chip: string }[] = [
  { type: "add_to_queue", label: "Add to a queue", chip: "Queue" },
  { type: "add_to_dataset", label: "Add to a dataset", chip: "Dataset" },
  { type: "call_webhook", label: "Call a webhook", chip: "Webhook" },
  { type: "extend_retention", label: "Keep it longer", chip: "Keep" },
  { type: "add_tag", label: "Add a tag", chip: "Tag" },
];

export const actionLabel = (type: ActionType): string =>
  ACTION_TYPES.find((one) => one.type === type)?.label ?? type.replaceAll("_", " ");

/** An action with the name of what it acts on. */
export function actionWords(action: Action, name: string | undefined): string {
  switch (action.type) {
    case "add_to_queue":
      return name ?? "a queue that is gone";
    case "add_to_dataset":
      return name ?? "a dataset that is gone";
    case "call_webhook":
      return name ?? "a webhook that is gone";
    case "extend_retention":
      return `Keep ${count(action.days)} ${action.days === 1 ? "day" : "days"}`;
    case "add_tag":
      return action.tag;
  }
}

export const OUTCOMES: readonly { id: Outcome; label: string }[] = [
  { id: "acted", label: "Acted" },
  { id: "not_sampled", label: "Not chosen" },
  { id: "over_quota", label: "Over the quota" },
  { id: "failed", label: "Failed" },
];

export const outcomeLabel = (outcome: Outcome): string => OUTCOMES.find(({ id }) => id === outcome)?.label ?? outcome;

export const TRIGGERS: Record<Run["trigger"], string> = {
  settled: "when it was complete",
  feedback: "when feedback came or went",
  back_fill: "by a back-fill",
};

/** Everything that was done, in one line. */
export function totalsWords({ totals }: Pick<Automation, "totals">): string {
  const more = [
    totals.not_sampled > 0 && `${count(totals.not_sampled)} not chosen`,
    totals.over_quota > 0 && `${count(totals.over_quota)} over the quota`,
    totals.failed > 0 && `${count(totals.failed)} failed`,
  ].filter(Boolean);
  return [`${count(totals.acted)} acted on`, ...more].join(" · ");
}
