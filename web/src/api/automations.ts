import { path, send } from "./client";
import type { Condition, Job, List } from "./types";

/** Which traces are meant: the words of the search. */
export interface Matching {
  filters?: Condition[];
  filter_operator?: "and" | "or";
  query?: string;
}

export type Trigger = "settled" | "feedback";

/** What an automation does with a trace. */
export type Action =
  | { type: "add_to_queue"; queue_id: string; kind?: "trace" | "span"; priority?: number; assignee_id?: string }
  | { type: "add_to_dataset"; dataset_id: string }
  | { type: "call_webhook"; webhook_id: string }
  | { type: "extend_retention"; days: number }
  | { type: "add_tag"; tag: string };

export type ActionType = Action["type"];

/** Traces of an automation that have a rate and a quota of their own. */
export interface Stratum extends Matching {
  name: string;
  sampling_rate: number;
  per_day?: number;
}

/** What decides which traces are acted on. */
export interface Choice extends Matching {
  sampling_rate?: number;
  strata?: Stratum[];
  per_day?: number | null;
}

export interface AutomationInput extends Choice {
  name?: string;
  description?: string | null;
  enabled?: boolean;
  triggers?: Trigger[];
  quiet_seconds?: number;
  idle_seconds?: number;
  actions?: Action[];
}

export interface Automation extends Matching {
  id: string;
  name: string;
  description?: string;
  enabled: boolean;
  triggers: Trigger[];
  quiet_seconds: number;
  idle_seconds: number;
  sampling_rate: number;
  strata: Stratum[];
  per_day?: number;
  actions: Action[];
  version: number;
  created_at: string;
  updated_at: string;
  totals: { acted: number; not_sampled: number; over_quota: number; failed: number };
  last_acted_at?: string;
  last_error?: { message: string; at: string };
}

/** What an automation would do with the traces of the last days. */
export interface DryRun {
  days: number;
  looked_at: number;
  /** There were more than are looked at: the oldest were left out. */
  truncated?: boolean;
  matches: number;
  would_act: number;
  /** On how many of these it has acted already. */
  acted_before: number;
  strata: { name: string; matches: number; would_act: number }[];
  traces: DryRunTrace[];
}

export interface DryRunTrace {
  trace_id: string;
  name?: string;
  /** How what was asked begins. */
  input?: string;
  start_time?: string;
  acts: boolean;
  reason: string;
  stratum?: string;
}

export interface DryRunInput extends Choice {
  days?: number;
  limit?: number;
  /** Whose sampling is used: what it would choose is what it will choose. */
  automation_id?: string;
}

export type Outcome = "acted" | "not_sampled" | "over_quota" | "failed";

/** What an automation did with one trace, and why. */
export interface Run {
  id: string;
  trace_id: string;
  trace_name?: string;
  /** How what was asked begins. */
  trace_input?: string;
  outcome: Outcome;
  reason: string;
  stratum?: string;
  trigger: Trigger | "back_fill";
  actions: { type: ActionType; outcome: "done" | "nothing_to_do" | "failed"; detail: string }[];
  at: string;
}

/** What an automation can call. */
export interface Webhook {
  _id: string;
  display_name: string;
  enabled: boolean;
}

const PAGE = 50;

/** Every call about the automations of one project. */
export function automationsApi(project: string) {
  const at = (id: string) => path`/v2/automations/${id}`;
  return {
    list: (search: string, after?: string) =>
      send<List<Automation>>("GET", "/v2/automations", {
        project,
        query: { limit: PAGE, search: search || undefined, starting_after: after || undefined },
      }),
    get: (id: string) => send<Automation>("GET", at(id), { project }),
    create: (body: AutomationInput) => send<Automation>("POST", "/v2/automations", { project, body }),
    change: (id: string, body: AutomationInput) => send<Automation>("PATCH", at(id), { project, body }),
    remove: (id: string) => send<void>("DELETE", at(id), { project }),
    dryRun: (body: DryRunInput, signal: AbortSignal) =>
      send<DryRun>("POST", "/v2/automations/dry-run", { project, body, signal }),
    backFill: (id: string, body: { from?: string; to?: string }) =>
      send<Job>("POST", `${at(id)}/back-fill`, { project, body }),
    runs: (id: string, outcome: Outcome | undefined, after?: string) =>
      send<List<Run>>("GET", `${at(id)}/runs`, {
        project,
        query: { outcome, limit: PAGE, starting_after: after || undefined },
      }),
    webhooks: () => send<{ items: Webhook[] }>("GET", "/v2/webhooks", { project, query: { limit: 200 } }),
  };
}
