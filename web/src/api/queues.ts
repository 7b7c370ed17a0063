import { download, path, send } from "./client";
import type { Aggregate } from "./index";
import type { AnswerValue, HumanReview, Job, Json, SpanDetail, SpanSummary } from "./types";

export interface Person {
  id: string;
  display_name: string;
}

/** Who has done how much of a queue. */
export interface Progress {
  total: number;
  completed: number;
  in_review: number;
  needs_others: number;
  to_do: number;
  orphaned: number;
  answers: number;
  mine: { submitted: number; skipped: number; declined: number; left: number };
}

export type Corrects = "none" | "optional" | "required";

/** What reviewers see of an item. */
export interface QueueView {
  messages?: "all" | "last" | "none";
  system?: boolean;
  attributes?: string[];
  metadata?: string[];
  evaluators?: "shown" | "hidden" | "after";
  masked?: string[];
}

export interface QueueOrder {
  by: "oldest" | "newest" | "random" | "field";
  field?: string;
  descending?: boolean;
}

export interface QueueQuestion {
  human_review_id: string;
  key?: string;
  required: boolean;
}

export interface Queue {
  id: string;
  display_name: string;
  description: string;
  instructions: string;
  questions: QueueQuestion[];
  overlap: number;
  blind: boolean;
  lease_seconds: number;
  order: QueueOrder;
  correction: Corrects;
  open_to_all: boolean;
  reviewers: Person[];
  due_at?: string;
  view: QueueView;
  created_at: string;
  updated_at: string;
  progress: Progress;
  may_review: boolean;
}

/** What a queue is made or changed with. */
export interface QueueInput {
  display_name?: string;
  description?: string;
  instructions?: string;
  questions?: { human_review_id: string; required: boolean }[];
  overlap?: number;
  blind?: boolean;
  lease_seconds?: number;
  order?: QueueOrder;
  correction?: Corrects;
  open_to_all?: boolean;
  due_at?: string | null;
  view?: QueueView;
}

export type SeatState = "reserved" | "held" | "submitted" | "skipped" | "declined" | "lapsed";
export type ItemState = "to_do" | "in_review" | "needs_others" | "completed";

export interface QueueSeat {
  reviewer: Person;
  state: SeatState;
  lease_until?: string;
  submitted_at?: string;
  seconds?: number;
  flagged: boolean;
  note?: string;
  reason?: string;
}

export interface QueueItem {
  id: string;
  kind: "span" | "trace" | "datapoint";
  trace_id?: string;
  span_id?: string;
  state: ItemState;
  priority: number;
  assignee?: Person;
  taken: number;
  answered: number;
  overlap: number;
  lapses: number;
  orphaned: boolean;
  name?: string;
  input?: string;
  output?: string;
  seats: QueueSeat[];
  added_at: string;
}

export interface Answered {
  value: AnswerValue;
  explanation?: string;
}

export interface AskedQuestion {
  human_review: HumanReview;
  required: boolean;
  answer?: Answered;
}

/** What somebody else said of the same item. */
export interface OtherAnswer {
  reviewer: Person;
  key: string;
  value: AnswerValue;
  explanation?: string;
  submitted_at?: string;
}

/** An item as it lies before a reviewer. */
export interface Review {
  item: {
    id: string;
    kind: string;
    trace_id?: string;
    span_id?: string;
    state: string;
    priority: number;
    added_at: string;
  };
  lease_until?: string;
  seat_state: SeatState;
  span?: SpanDetail;
  reviewed_span_id?: string;
  questions: AskedQuestion[];
  correction?: string;
  draft?: { [key: string]: Json };
  note?: string;
  flagged: boolean;
  seconds: number;
  others?: OtherAnswer[];
  orphaned?: boolean;
}

/** What somebody did in a queue. */
export interface Done {
  item_id: string;
  state: SeatState;
  submitted_at?: string;
  name?: string;
  seconds?: number;
}

export interface Waiting {
  reviewer: Person;
  items: number;
}

export interface Claimed {
  items: Review[];
  progress: Progress;
  waiting: Waiting[];
}

/** What comes back for a submission, a skip, a refusal and an undo. */
export interface Moved {
  items: Review[];
  current?: string;
  progress: Progress;
}

export interface Submission {
  answers: { key: string; value: AnswerValue; explanation?: string }[];
  correction?: string;
  note?: string;
  flagged?: boolean;
  active_ms?: number;
  submission_id: string;
  ahead?: number;
}

export interface ItemsQuery {
  state?: string | undefined;
  reviewer?: string | undefined;
  assignee?: string | undefined;
  flagged?: boolean | undefined;
  limit?: number | undefined;
  starting_after?: string | undefined;
}

/** The figures of a queue. */
export interface QueueSummary {
  days: { day: string; submitted: number }[];
  reviewers: { reviewer: Person; submitted: number; skipped: number; declined: number; median_seconds?: number }[];
  median_seconds?: number;
  /** What was said, by question. */
  answers: QueueBars[];
  trouble: QueueTrouble[];
}

export interface QueueBars {
  key: string;
  display_name: string;
  type: HumanReview["type"];
  total: number;
  values: { value: string | number | boolean; count: number }[];
}

/** What is added to a queue: a trace, one of its spans, or a datapoint. */
export type ItemInput = { trace_id: string; span_id?: string } | { datapoint_id: string };

/** An item that somebody should look at. */
export interface QueueTrouble {
  item_id: string;
  name?: string;
  declines: number;
  flags: number;
  lapses: number;
  input?: string;
  remarks: QueueRemark[];
}

/** What a reviewer wrote to whoever runs the queue. */
export interface QueueRemark {
  reviewer: Person;
  flagged: boolean;
  note?: string;
  reason?: string;
}

/** Every call about the queues of one project. */
export function queuesApi(project: string) {
  const item = (queue: string, id: string) => path`/v3/queues/${queue}/items/${id}`;
  return {
    list: () => send<{ data: Queue[] }>("GET", "/v3/queues", { project, query: { limit: 200 } }),
    get: (id: string) => send<Queue>("GET", path`/v3/queues/${id}`, { project }),
    create: (body: QueueInput) => send<Queue>("POST", "/v3/queues", { project, body }),
    change: (id: string, body: QueueInput) => send<Queue>("PATCH", path`/v3/queues/${id}`, { project, body }),
    remove: (id: string) => send<void>("DELETE", path`/v3/queues/${id}`, { project }),
    addReviewer: (id: string, member: string) =>
      send<unknown>("POST", path`/v3/queues/${id}/reviewers/${member}`, { project, body: {} }),
    removeReviewer: (id: string, member: string) =>
      send<unknown>("DELETE", path`/v3/queues/${id}/reviewers/${member}`, { project }),
    items: (id: string, query: ItemsQuery) =>
      send<{ data: QueueItem[]; has_more: boolean }>("GET", path`/v3/queues/${id}/items`, {
        project,
        query: { ...query },
      }),
    add: (id: string, items: ItemInput[]) =>
      send<{ added: number; already_there: number; not_found: number }>("POST", path`/v3/queues/${id}/items`, {
        project,
        body: { items },
      }),
    addMatching: (id: string, body: Aggregate & { kind: "trace" | "span" }) =>
      send<Job>("POST", path`/v3/queues/${id}/items/matching`, { project, body }),
    changeItems: (
      id: string,
      body: { item_ids: string[]; priority?: number; assignee?: string | null; share?: string[] },
    ) => send<unknown>("PATCH", path`/v3/queues/${id}/items`, { project, body }),
    removeItems: (id: string, item_ids: string[]) =>
      send<unknown>("POST", path`/v3/queues/${id}/items/remove`, { project, body: { item_ids } }),
    summary: (id: string) => send<QueueSummary>("GET", path`/v3/queues/${id}/summary`, { project }),

    export: (id: string, format: "csv" | "jsonl", name: string) =>
      download(`${path`/v3/queues/${id}/answers`}?format=${format}`, project, `${name}.${format}`),

    claim: (id: string, ahead = 1) => send<Claimed>("POST", path`/v3/queues/${id}/claim`, { project, body: { ahead } }),
    review: (id: string, one: string) => send<Review>("GET", `${item(id, one)}/review`, { project }),
    spans: (id: string, one: string) =>
      send<{ data: SpanSummary[] }>("GET", `${item(id, one)}/spans`, { project, query: { limit: 10_000 } }),
    span: (id: string, one: string, span: string) =>
      send<{ span: SpanDetail }>("GET", `${item(id, one)}${path`/spans/${span}`}`, { project }),
    mine: (id: string, limit: number) =>
      send<{ data: Done[] }>("GET", path`/v3/queues/${id}/mine`, { project, query: { limit } }),
    heartbeat: (id: string, one: string, active_ms: number) =>
      send<{ lease_until: string }>("POST", `${item(id, one)}/heartbeat`, { project, body: { active_ms } }),
    keepDraft: (id: string, one: string, draft: object, active_ms: number) =>
      send<{ saved_at: string }>("PUT", `${item(id, one)}/draft`, { project, body: { draft, active_ms } }),
    submit: (id: string, one: string, body: Submission) =>
      send<Moved>("POST", `${item(id, one)}/submit`, { project, body }),
    skip: (id: string, one: string, active_ms: number) =>
      send<Moved>("POST", `${item(id, one)}/skip`, { project, body: { active_ms } }),
    decline: (id: string, one: string, reason: string) =>
      send<Moved>("POST", `${item(id, one)}/decline`, { project, body: { reason } }),
    flag: (id: string, one: string, flagged: boolean) =>
      send<unknown>("PATCH", `${item(id, one)}/flag`, { project, body: { flagged } }),
    undo: (id: string, one: string) => send<Moved>("POST", `${item(id, one)}/undo`, { project, body: {} }),
    release: (id: string) => send<void>("POST", path`/v3/queues/${id}/release`, { project, body: {} }),
  };
}

export type QueuesApi = ReturnType<typeof queuesApi>;
