/** An automation while it is written: every field as the form holds it. */
import type { Action, ActionType, Automation, AutomationInput, Choice, Matching } from "../api/automations";
import { compile, parse, print, type Term } from "../traces/filterText";

/** A filter as text, and whether one of its terms is enough. */
export interface FilterDraft {
  text: string;
  any: boolean;
}

/** Traces with a rate of their own. */
export interface GroupDraft {
  id: number;
  name: string;
  filter: FilterDraft;
  rate: string;
  perDay: string;
}

export interface ActionDraft {
  id: number;
  type: ActionType;
  /** The queue, the dataset or the webhook. */
  target: string;
  kind: "trace" | "span";
  priority: string;
  assignee: string;
  days: string;
  tag: string;
}

export interface Draft {
  name: string;
  description: string;
  filter: FilterDraft;
  settled: boolean;
  feedback: boolean;
  quiet: string;
  idle: string;
  rate: string;
  perDay: string;
  groups: readonly GroupDraft[];
  actions: readonly ActionDraft[];
}

/** The names that filters are written with. */
export interface Names {
  names: ReadonlySet<string>;
  keys: ReadonlySet<string>;
}

/** What is wrong, by the field as the server names it. */
export type Wrong = Readonly<Record<string, string>>;

export const MOST = { groups: 10, actions: 10 };

/** Whether a filter asks for what people or evaluators say, which mostly comes after a trace is complete. */
export const asksForFeedback = (filter: string): boolean => /\b(annotations?\.|evaluators?\.|annotated\b)/.test(filter);

export const empty = (filter = ""): Draft => ({
  name: "",
  description: "",
  filter: { text: filter, any: false },
  settled: true,
  feedback: asksForFeedback(filter),
  quiet: "5",
  idle: "300",
  rate: "100",
  perDay: "",
  groups: [],
  actions: [],
});

const nextId = (list: readonly { id: number }[]): number => Math.max(0, ...list.map(({ id }) => id)) + 1;

export const newGroup = (groups: readonly GroupDraft[]): GroupDraft => ({
  id: nextId(groups),
  name: "",
  filter: { text: "", any: false },
  rate: "100",
  perDay: "",
});

export const newAction = (actions: readonly ActionDraft[], type: ActionType): ActionDraft => ({
  id: nextId(actions),
  type,
  target: "",
  kind: "span",
  priority: "0",
  assignee: "",
  days: "90",
  tag: "",
});

export function filterDraftOf({ filters, filter_operator, query }: Matching): FilterDraft {
  const words: Term[] = query ? [{ field: "", op: "contains", values: [query] }] : [];
  return { text: print([...(filters ?? []), ...words]), any: filter_operator === "or" };
}

function actionDraftOf(action: Action, at: number): ActionDraft {
  const draft = { ...newAction([], action.type), id: at + 1 };
  switch (action.type) {
    case "add_to_queue": {
      const { queue_id: target, kind = "span", priority = 0, assignee_id: assignee = "" } = action;
      return { ...draft, target, kind, priority: String(priority), assignee };
    }
    case "add_to_dataset":
      return { ...draft, target: action.dataset_id };
    case "call_webhook":
      return { ...draft, target: action.webhook_id };
    case "extend_retention":
      return { ...draft, days: String(action.days) };
    case "add_tag":
      return { ...draft, tag: action.tag };
  }
}

const optional = (value: number | undefined) => (value === undefined ? "" : String(value));

export const draftOf = (automation: Automation): Draft => ({
  name: automation.name,
  description: automation.description ?? "",
  filter: filterDraftOf(automation),
  settled: automation.triggers.includes("settled"),
  feedback: automation.triggers.includes("feedback"),
  quiet: String(automation.quiet_seconds),
  idle: String(automation.idle_seconds),
  rate: String(automation.sampling_rate),
  perDay: optional(automation.per_day),
  groups: automation.strata.map(({ name, sampling_rate, per_day, ...matching }, at) => ({
    id: at + 1,
    name,
    filter: filterDraftOf(matching),
    rate: String(sampling_rate),
    perDay: optional(per_day),
  })),
  actions: automation.actions.map(actionDraftOf),
});

/** A number as people type it; not a number when nothing is typed. */
const number = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text.trim().replace(",", ".")));

const whole = (text: string, least: number, most: number): boolean => {
  const value = number(text);
  return Number.isInteger(value) && value >= least && value <= most;
};

const isRate = (text: string): boolean => number(text) >= 0 && number(text) <= 100;

const RATE = "From 0 to 100 percent.";
const QUOTA = "A whole number from 1 to 1,000,000, or nothing.";

/** What is wrong with what decides which traces are acted on. */
export function choiceProblems(draft: Draft): Record<string, string> {
  const found: Record<string, string> = {};
  if (!isRate(draft.rate)) found.sampling_rate = RATE;
  if (draft.perDay.trim() !== "" && !whole(draft.perDay, 1, 1_000_000)) found.per_day = QUOTA;
  draft.groups.forEach(({ name, filter, rate, perDay }, at) => {
    const before = draft.groups.slice(0, at);
    if (name.trim() === "") found[`strata[${at}].name`] = "Give the group a name.";
    else if (before.some((other) => other.name.trim() === name.trim()))
      found[`strata[${at}].name`] = "Another group has this name.";
    if (parse(filter.text).length === 0)
      found[`strata[${at}].filters`] = "Say what belongs to it: a group without a filter takes everything.";
    if (!isRate(rate)) found[`strata[${at}].sampling_rate`] = RATE;
    if (perDay.trim() !== "" && !whole(perDay, 1, 1_000_000)) found[`strata[${at}].per_day`] = QUOTA;
  });
  return found;
}

const TARGETS: Partial<Record<ActionType, { field: string; message: string }>> = {
  add_to_queue: { field: "queue_id", message: "Choose a queue." },
  add_to_dataset: { field: "dataset_id", message: "Choose a dataset." },
  call_webhook: { field: "webhook_id", message: "Choose a webhook." },
};

/** Where the server says that the target of an action is wrong. */
export const targetField = (type: ActionType, at: number): string => `actions[${at}].${TARGETS[type]?.field ?? "type"}`;

/** What is wrong with an automation, by field. */
export function problems(draft: Draft): Record<string, string> {
  const found = choiceProblems(draft);
  if (draft.name.trim() === "") found.name = "Give the automation a name.";
  if (!draft.settled && !draft.feedback) found.triggers = "Choose at least one.";
  if (!whole(draft.quiet, 1, 3600)) found.quiet_seconds = "From 1 to 3600 seconds.";
  if (!whole(draft.idle, 10, 86_400)) found.idle_seconds = "From 10 to 86,400 seconds.";
  if (draft.actions.length === 0) found.actions = "Choose at least one thing to do.";
  draft.actions.forEach(({ type, target, days, tag }, at) => {
    const wanted = TARGETS[type];
    if (wanted && target === "") found[targetField(type, at)] = wanted.message;
    if (type === "extend_retention" && !whole(days, 1, 3650)) found[`actions[${at}].days`] = "From 1 to 3650 days.";
    if (type === "add_tag" && tag.trim() === "") found[`actions[${at}].tag`] = "Write the tag.";
  });
  return found;
}

/** What is wrong with a field, or with a part of it. */
export const wrongAt = (wrong: Wrong, field: string): string | undefined => {
  const name = Object.keys(wrong).find(
    (one) => one === field || one.startsWith(`${field}.`) || one.startsWith(`${field}[`),
  );
  return name === undefined ? undefined : wrong[name];
};

/** What is wrong with a filter: its conditions, how they are joined, or its words. */
export const wrongFilter = (wrong: Wrong, within = ""): string | undefined =>
  wrongAt(wrong, `${within}filters`) ?? wrongAt(wrong, `${within}filter_operator`) ?? wrongAt(wrong, `${within}query`);

/**
 * A filter as it is sent. One that was not touched is sent as it came: the API has conditions that text cannot say.
 */
function matchingOf(filter: FilterDraft, fields: Names, before?: Matching): Matching {
  const filter_operator = filter.any ? "or" : "and";
  if (before && filterDraftOf(before).text === filter.text)
    return { filters: before.filters ?? [], filter_operator, ...(before.query ? { query: before.query } : {}) };
  const { filters, query } = compile(parse(filter.text), fields.names, fields.keys);
  return { filters, filter_operator, ...(query ? { query } : {}) };
}

const quota = (text: string) => (text.trim() === "" ? {} : { per_day: number(text) });

/** What decides which traces are acted on, as it is sent; nothing while it is not right. */
export function choiceOf(draft: Draft, fields: Names, before?: Automation): Choice | undefined {
  if (Object.keys(choiceProblems(draft)).length > 0) return undefined;
  return {
    ...matchingOf(draft.filter, fields, before),
    sampling_rate: number(draft.rate),
    strata: draft.groups.map(({ id, name, filter, rate, perDay }) => ({
      name: name.trim(),
      ...matchingOf(filter, fields, before?.strata[id - 1]),
      sampling_rate: number(rate),
      ...quota(perDay),
    })),
    // What is not said stays as it was, also when it is only tried.
    ...(draft.perDay.trim() === "" && before?.per_day !== undefined ? { per_day: null } : quota(draft.perDay)),
  };
}

function actionOf({ type, target, kind, priority, assignee, days, tag }: ActionDraft): Action {
  switch (type) {
    case "add_to_queue":
      return {
        type,
        queue_id: target,
        kind,
        priority: number(priority),
        ...(assignee ? { assignee_id: assignee } : {}),
      };
    case "add_to_dataset":
      return { type, dataset_id: target };
    case "call_webhook":
      return { type, webhook_id: target };
    case "extend_retention":
      return { type, days: number(days) };
    case "add_tag":
      return { type, tag: tag.trim() };
  }
}

/**
 * The automation as it is sent. What was emptied is sent as such. Actions that stay are not sent: what they act on need
 * not be within the reach of whoever changes the rest.
 */
export function inputOf(draft: Draft, fields: Names, before?: Automation): AutomationInput {
  const description = draft.description.trim();
  return {
    ...choiceOf(draft, fields, before),
    name: draft.name.trim(),
    ...(description ? { description } : before?.description ? { description: null } : {}),
    triggers: [...(draft.settled ? ["settled" as const] : []), ...(draft.feedback ? ["feedback" as const] : [])],
    quiet_seconds: number(draft.quiet),
    idle_seconds: number(draft.idle),
    ...(before && JSON.stringify(draftOf(before).actions) === JSON.stringify(draft.actions)
      ? {}
      : { actions: draft.actions.map(actionOf) }),
  };
}
