/** A queue while it is written: every field as the form holds it. */
import type { Queue, QueueInput } from "../api/queues";

export interface Draft {
  name: string;
  description: string;
  instructions: string;
  /** Ask every human review of the project, also those that come later. */
  everything: boolean;
  questions: readonly { id: string; required: boolean }[];
  correction: Queue["correction"];
  overlap: string;
  blind: boolean;
  leaseMinutes: string;
  orderBy: Queue["order"]["by"];
  orderField: string;
  descending: boolean;
  openToAll: boolean;
  reviewers: readonly string[];
  due: string;
  messages: NonNullable<Queue["view"]["messages"]>;
  system: boolean;
  evaluators: NonNullable<Queue["view"]["evaluators"]>;
  attributes: string;
  metadata: string;
  masked: string;
}

export const empty = (): Draft => ({
  name: "",
  description: "",
  instructions: "",
  everything: false,
  questions: [],
  correction: "none",
  overlap: "1",
  blind: true,
  leaseMinutes: "5",
  orderBy: "oldest",
  orderField: "",
  descending: false,
  openToAll: true,
  reviewers: [],
  due: "",
  messages: "all",
  system: true,
  evaluators: "after",
  attributes: "",
  metadata: "",
  masked: "",
});

const lines = (list: readonly string[] | undefined) => (list ?? []).join(", ");
const parts = (text: string) =>
  text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter(Boolean);

export const draftOf = (queue: Queue): Draft => ({
  name: queue.display_name,
  description: queue.description,
  instructions: queue.instructions,
  everything: queue.questions.length === 0,
  questions: queue.questions.map(({ human_review_id: id, required }) => ({ id, required })),
  correction: queue.correction,
  overlap: String(queue.overlap),
  blind: queue.blind,
  leaseMinutes: String(queue.lease_seconds / 60),
  orderBy: queue.order.by,
  orderField: queue.order.field ?? "",
  descending: queue.order.descending ?? false,
  openToAll: queue.open_to_all,
  reviewers: queue.reviewers.map(({ id }) => id),
  due: queue.due_at ? localDay(queue.due_at) : "",
  messages: queue.view.messages ?? "all",
  system: queue.view.system ?? true,
  evaluators: queue.view.evaluators ?? "shown",
  attributes: lines(queue.view.attributes),
  metadata: lines(queue.view.metadata),
  masked: lines(queue.view.masked),
});

/** The day of an instant as a date field writes it. */
function localDay(iso: string): string {
  const date = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A queue is due at the end of its day, where whoever chose it is. */
const endOfDay = (day: string): string => new Date(`${day}T23:59:59`).toISOString();

/** What is wrong with a queue, by field. */
export function problems(draft: Draft): Partial<Record<keyof Draft, string>> {
  const found: Partial<Record<keyof Draft, string>> = {};
  if (draft.name.trim() === "") found.name = "Give the queue a name.";
  const overlap = Number(draft.overlap);
  if (!Number.isInteger(overlap) || overlap < 1 || overlap > 10) found.overlap = "From 1 to 10 people.";
  const seconds = Number(draft.leaseMinutes) * 60;
  if (!(seconds >= 30 && seconds <= 86_400)) found.leaseMinutes = "From half a minute to 1440 minutes.";
  if (!draft.everything && draft.questions.length === 0)
    found.questions = "Choose at least one question, or ask everything.";
  if (draft.orderBy === "field" && draft.orderField.trim() === "") found.orderField = "Say by which field.";
  return found;
}

/** The queue as it is sent. */
export function inputOf(draft: Draft, before: Queue | undefined): QueueInput {
  return {
    display_name: draft.name.trim(),
    description: draft.description.trim(),
    instructions: draft.instructions,
    questions: draft.everything ? [] : draft.questions.map(({ id, required }) => ({ human_review_id: id, required })),
    overlap: Number(draft.overlap),
    blind: draft.blind,
    lease_seconds: Math.round(Number(draft.leaseMinutes) * 60),
    order: {
      by: draft.orderBy,
      ...(draft.orderBy === "field" ? { field: draft.orderField.trim(), descending: draft.descending } : {}),
    },
    correction: draft.correction,
    open_to_all: draft.openToAll,
    ...(draft.due ? { due_at: endOfDay(draft.due) } : before?.due_at ? { due_at: null } : {}),
    view: {
      messages: draft.messages,
      system: draft.system,
      evaluators: draft.evaluators,
      attributes: parts(draft.attributes),
      metadata: parts(draft.metadata),
      masked: parts(draft.masked),
    },
  };
}
