/**
 * A review session, pure: which item is on the screen, what was typed about every item, what is on its way to the
 * server, and what can be undone. Whoever acts says on which item they act (`on`): when another one is on the screen
 * by then, nothing happens.
 */
import type { Corrects, Done, Progress, Review, Submission, Waiting } from "../api/queues";
import type { AnswerValue } from "../api/types";
import { bodyOf, type Form, formOf, type Problem, problemsOf, sameForm, storedForm } from "./form";

export type EntryState = "open" | "submitted" | "skipped" | "declined";

/** An item this session knows. */
export interface Entry {
  id: string;
  /** Not yet read: it was done before this page was opened. */
  review?: Review;
  name?: string;
  state: EntryState;
  form: Form;
  /** What the server was last told, or is about to be. */
  sent: Form;
  problems: readonly Problem[];
  /** Why it is no longer this reviewer's. */
  lost?: { code: string; message: string };
}

/** Something the server is to hear. They go out one after the other. */
export type Outgoing = { id: string; item: string } & (
  | { kind: "submit"; body: Submission }
  | { kind: "skip" }
  | { kind: "decline"; reason: string }
  | { kind: "undo" }
);

/** Something that can be taken back. */
export type Step =
  | { kind: "edit"; item: string; field: string; before: Form; after: Form }
  | { kind: "submit" | "skip" | "decline"; item: string; reason: string; before: Entry; sending: string };

export interface Session {
  correction: Corrects;
  /** How many people judge each item. */
  overlap: number;
  entries: Readonly<Record<string, Entry>>;
  current: string | undefined;
  /** Claimed ahead, in the order in which they come. */
  ahead: readonly string[];
  /** What was left, the oldest first: the way back. */
  trail: readonly string[];
  outbox: readonly Outgoing[];
  /** Whether the first of the outbox is on its way now. */
  flying: boolean;
  past: readonly Step[];
  future: readonly Step[];
  /** Whether the server is to be asked for work. */
  claim: "due" | "asked" | "answered";
  offline: boolean;
  progress: Progress | undefined;
  waiting: readonly Waiting[];
  /** What the server would not take, to be looked at again. */
  refused: readonly string[];
  counts: { submitted: number; skipped: number; declined: number };
}

export type Phase = "loading" | "answering" | "sending" | "empty" | "lost" | "ended";

export type Action =
  | { do: "asked" }
  | {
      do: "claimed";
      items: readonly Review[];
      progress: Progress;
      waiting: readonly Waiting[];
      drafts: Readonly<Record<string, Form>>;
    }
  | { do: "look again" }
  | { do: "remember"; done: Done[] }
  | { do: "renewed"; review: Review }
  | { do: "counted"; progress: Progress }
  | { do: "loaded"; review: Review; draft: Form | undefined }
  | { do: "answer"; on: string; key: string; value: AnswerValue | undefined; typing: boolean }
  | { do: "write"; on: string; field: "correction" | "note"; text: string | undefined }
  | { do: "flag"; on: string }
  | { do: "submit" | "skip"; on: string; id: string }
  | { do: "decline"; on: string; id: string; reason: string }
  /** Items whose changes were left behind, each with the id of its submission. */
  | { do: "submit changes"; on: string | undefined; ids: Readonly<Record<string, string>> }
  | { do: "undo" | "redo"; on: string | undefined; id: string }
  | { do: "go"; on: string | undefined; to: string }
  | { do: "flying"; id: string }
  | { do: "sent"; id: string; items: readonly Review[]; progress: Progress; drafts: Readonly<Record<string, Form>> }
  | { do: "refused"; id: string; code: string; message: string; field: string | undefined }
  | { do: "offline"; is: boolean }
  | { do: "lost"; item: string; code: string; message: string }
  | { do: "leave lost"; on: string };

const MOST = 200;
const NOTHING: Form = { answers: {}, note: "", flagged: false };

export const begin = (correction: Corrects, overlap = 1): Session => ({
  correction,
  overlap,
  entries: {},
  current: undefined,
  ahead: [],
  trail: [],
  outbox: [],
  flying: false,
  past: [],
  future: [],
  claim: "due",
  offline: false,
  progress: undefined,
  waiting: [],
  refused: [],
  counts: { submitted: 0, skipped: 0, declined: 0 },
});

export const onScreen = (session: Session): Entry | undefined =>
  session.current === undefined ? undefined : session.entries[session.current];

export function phaseOf(session: Session): Phase {
  const entry = onScreen(session);
  if (session.current !== undefined) {
    if (entry?.lost) return "lost";
    return entry?.review ? "answering" : "loading";
  }
  if (session.outbox.length > 0) return "sending";
  if (session.claim !== "answered") return Object.keys(session.entries).length > 0 ? "sending" : "loading";
  const done = session.waiting.length === 0 && (session.progress?.mine.left ?? 0) === 0;
  return done ? "ended" : "empty";
}

/** Whether an item done before has changes that were not submitted. */
export const isChanged = (entry: Entry): boolean => entry.state === "submitted" && !sameForm(entry.form, entry.sent);

/** The items with such changes that are not on the screen: somebody may have forgotten them. */
export const leftBehind = ({ entries, trail, current }: Session): Entry[] =>
  trail.flatMap((id) => {
    const entry = entries[id];
    return entry?.review && id !== current && !entry.lost && isChanged(entry) ? [entry] : [];
  });

/** How many items the reviewer has done, with those that are on their way. */
export function progressOf({ progress, outbox, entries, overlap }: Session): Progress | undefined {
  if (!progress) return undefined;
  const mine = { ...progress.mine };
  let { completed } = progress;
  for (const one of outbox) {
    const before = entries[one.item]?.review?.seat_state;
    if (one.kind === "submit" && before !== "submitted") {
      mine.submitted += 1;
      mine.left = Math.max(0, mine.left - 1);
      // Where several judge an item, only the server knows whether this was the last.
      if (overlap === 1) completed = Math.min(progress.total, completed + 1);
    } else if (one.kind === "decline") {
      mine.declined += 1;
      mine.left = Math.max(0, mine.left - 1);
    }
  }
  return { ...progress, completed, mine };
}

export function reduce(session: Session, action: Action): Session {
  if ("on" in action && action.on !== session.current) return session;
  switch (action.do) {
    case "asked":
      return { ...session, claim: "asked" };
    case "look again":
      return session.claim === "answered" && session.current === undefined && session.outbox.length === 0
        ? { ...session, claim: "due" }
        : session;
    case "claimed":
      return advance({
        ...take(session, action.items, action.drafts),
        claim: "answered",
        progress: action.progress,
        waiting: action.waiting,
        offline: false,
      });
    case "remember":
      return recall(session, action.done);
    case "renewed":
      return renew(session, action.review);
    case "counted":
      return { ...session, progress: action.progress };
    case "loaded":
      return load(session, action.review, action.draft);
    case "answer":
      return edit(session, action.key, action.typing, (form) => {
        const { [action.key]: _, ...answers } = form.answers;
        return { ...form, answers: action.value === undefined ? answers : { ...answers, [action.key]: action.value } };
      });
    case "write":
      return edit(session, action.field, true, ({ [action.field]: _, ...form }) => ({
        note: "",
        ...form,
        ...(action.text === undefined ? {} : { [action.field]: action.text }),
      }));
    case "flag":
      return flag(session);
    case "submit":
    case "skip":
      return leave(session, action.do, action.id, "");
    case "decline":
      return leave(session, "decline", action.id, action.reason);
    case "submit changes":
      return submitChanges(session, action.ids);
    case "undo":
      return undo(session, action.id);
    case "redo":
      return redo(session, action.id);
    case "go":
      return go(session, action.to);
    case "flying":
      return session.outbox[0]?.id === action.id ? { ...session, flying: true } : session;
    case "sent":
      return sent(session, action);
    case "refused":
      return refused(session, action);
    case "offline":
      return { ...session, offline: action.is, flying: action.is ? false : session.flying };
    case "lost":
      return change(session, action.item, (entry) =>
        entry.state === "open" ? { ...entry, lost: { code: action.code, message: action.message } } : entry,
      );
    case "leave lost":
      return onScreen(session)?.lost ? advance(drop(session, action.on)) : session;
  }
}

const change = (session: Session, id: string, to: (entry: Entry) => Entry): Session => {
  const entry = session.entries[id];
  return entry ? { ...session, entries: { ...session.entries, [id]: to(entry) } } : session;
};

const STATES: Partial<Record<string, EntryState>> = {
  submitted: "submitted",
  skipped: "skipped",
  declined: "declined",
};

/** What the server hands out comes after what is known; what was typed here counts more than what comes. */
function take(session: Session, items: readonly Review[], drafts: Readonly<Record<string, Form>>): Session {
  let next = session;
  for (const review of items) {
    const { id } = review.item;
    const known = next.entries[id];
    const underway = next.outbox.some(({ item }) => item === id);
    const fresh: Entry = {
      id,
      review,
      state: "open",
      form: drafts[id] ?? formOf(review),
      sent: storedForm(review),
      problems: [],
    };
    const { lost: _, ...held } = known ?? fresh;
    const again = known && !underway && known.state === "skipped";
    const entry: Entry = again ? fresh : { ...held, review };
    if (again) next = { ...next, counts: { ...next.counts, skipped: Math.max(0, next.counts.skipped - 1) } };
    next = { ...next, entries: { ...next.entries, [id]: entry } };
    const placed = next.current === id || next.ahead.includes(id) || (entry.state !== "open" && underway);
    if (!placed && entry.state === "open") next = { ...next, ahead: [...next.ahead, id] };
  }
  return next;
}

/** The next item that was claimed comes onto the screen when there is none. */
function advance(session: Session): Session {
  if (session.current !== undefined) return session;
  const [first, ...rest] = session.ahead;
  if (first !== undefined) return { ...session, current: first, ahead: rest };
  const [trouble] = session.refused;
  if (trouble !== undefined && session.outbox.length === 0)
    return { ...session, current: trouble, refused: session.refused.slice(1) };
  return session;
}

function recall(session: Session, done: readonly Done[]): Session {
  const fresh = done.filter(({ item_id }) => !session.entries[item_id]);
  const entries = fresh.map(({ item_id: id, state, name }): [string, Entry] => [
    id,
    {
      id,
      state: STATES[state] ?? "submitted",
      form: NOTHING,
      sent: NOTHING,
      problems: [],
      ...(name === undefined ? {} : { name }),
    },
  ]);
  const older = fresh.map(({ item_id }) => item_id).reverse();
  return {
    ...session,
    entries: { ...session.entries, ...Object.fromEntries(entries) },
    trail: [...older, ...session.trail],
  };
}

function load(session: Session, review: Review, draft: Form | undefined): Session {
  const { id } = review.item;
  return change(session, id, (entry) =>
    entry.review
      ? entry
      : {
          ...entry,
          review,
          state: STATES[review.seat_state] ?? entry.state,
          form: draft ?? formOf(review),
          sent: storedForm(review),
        },
  );
}

/** What an item that is done looks like by now: others may have judged it, too. What was changed here stays. */
function renew(session: Session, review: Review): Session {
  const { id } = review.item;
  if (review.seat_state !== "submitted" || session.outbox.some(({ item }) => item === id)) return session;
  return change(session, id, (entry) => {
    if (!entry.review || entry.state !== "submitted" || entry.lost) return entry;
    const sent = storedForm(review);
    // The seconds go on from what was known when it came onto the screen.
    const known = { ...review, seconds: entry.review.seconds };
    return { ...entry, review: known, sent, form: isChanged(entry) ? entry.form : sent };
  });
}

function edit(session: Session, field: string, typing: boolean, to: (form: Form) => Form): Session {
  const entry = onScreen(session);
  if (!entry?.review || entry.lost) return session;
  const after = to(entry.form);
  if (sameForm(entry.form, after) && entry.form.correction === after.correction) return session;
  const last = session.past.at(-1);
  // Typing on in the same text is one step, not many.
  const goesOn = typing && last?.kind === "edit" && last.item === entry.id && last.field === field;
  const step: Step = { kind: "edit", item: entry.id, field, before: goesOn ? last.before : entry.form, after };
  const past = [...(goesOn ? session.past.slice(0, -1) : session.past), step].slice(-MOST);
  const problems = entry.problems.filter((problem) => problem.field !== field && problem.field !== "");
  return { ...change(session, entry.id, () => ({ ...entry, form: after, problems })), past, future: [] };
}

/** A flag counts at once, also that of an item that was submitted: it is no change that waits. */
function flag(session: Session): Session {
  const flagged = edit(session, "flag", false, (form) => ({ ...form, flagged: !form.flagged }));
  const entry = onScreen(flagged);
  if (flagged === session || entry?.state !== "submitted") return flagged;
  const sent = { ...entry.sent, flagged: entry.form.flagged };
  return change(flagged, entry.id, (one) => ({ ...one, sent }));
}

function leave(session: Session, kind: "submit" | "skip" | "decline", id: string, reason: string): Session {
  const entry = onScreen(session);
  if (!entry?.review || entry.lost) return session;
  if (entry.review.orphaned && kind === "submit") return session;
  if (kind === "submit") {
    const problems = problemsOf(entry.review, entry.form, session.correction);
    if (problems.length > 0) return change(session, entry.id, () => ({ ...entry, problems }));
    // Said again as it was: nothing to send.
    if (entry.state === "submitted" && sameForm(entry.form, entry.sent)) return forward(session, entry.id);
  } else if (entry.state === "submitted") return session;
  const step: Step = { kind, item: entry.id, reason, before: entry, sending: id };
  return { ...send(session, entry, step), past: [...session.past, step].slice(-MOST), future: [] };
}

/** Submits changes of items that are not on the screen; the first with something wrong comes there instead. */
function submitChanges(session: Session, ids: Readonly<Record<string, string>>): Session {
  let next = session;
  for (const entry of leftBehind(session)) {
    const sending = ids[entry.id];
    if (sending === undefined || !entry.review || entry.review.orphaned) continue;
    const problems = problemsOf(entry.review, entry.form, session.correction);
    if (problems.length > 0)
      return go(
        change(next, entry.id, (one) => ({ ...one, problems })),
        entry.id,
      );
    const step: Step = { kind: "submit", item: entry.id, reason: "", before: entry, sending };
    // What is on the screen stays there.
    next = { ...send(next, entry, step), current: next.current, ahead: next.ahead };
    next = { ...next, past: [...next.past, step].slice(-MOST), future: [] };
  }
  return next;
}

const SENT = { submit: "submitted", skip: "skipped", decline: "declined" } as const;

function send(session: Session, entry: Entry, step: Exclude<Step, { kind: "edit" }>): Session {
  const { review } = entry;
  if (!review) return session;
  const { kind, sending: id, reason } = step;
  const outgoing: Outgoing =
    kind === "submit"
      ? { id, item: entry.id, kind, body: bodyOf(review, entry.form, session.correction, id) }
      : kind === "decline"
        ? { id, item: entry.id, kind, reason }
        : { id, item: entry.id, kind };
  const wasOpen = entry.state === "open";
  const after: Entry = { ...entry, state: SENT[kind], sent: kind === "submit" ? entry.form : entry.sent, problems: [] };
  const left = {
    ...change(session, entry.id, () => after),
    outbox: [...session.outbox, outgoing],
    refused: session.refused.filter((one) => one !== entry.id),
    counts: wasOpen ? { ...session.counts, [SENT[kind]]: session.counts[SENT[kind]] + 1 } : session.counts,
  };
  return wasOpen
    ? advance({
        ...left,
        current: undefined,
        trail: [...session.trail.filter((one) => one !== entry.id), entry.id],
        claim: "answered",
      })
    : forward(left, entry.id);
}

/** From an item done before to the one after it, at last to the one that is open. */
function forward(session: Session, from: string): Session {
  const at = session.trail.indexOf(from);
  const next = at < 0 ? undefined : session.trail[at + 1];
  if (next !== undefined) return { ...session, current: next, ahead: session.ahead.filter((one) => one !== next) };
  return advance({ ...session, current: undefined });
}

function go(session: Session, to: string): Session {
  const entry = onScreen(session);
  if (to === session.current || !session.entries[to]) return session;
  const open = entry?.state === "open" && !entry.lost;
  const ahead = session.ahead.filter((one) => one !== to);
  // What is left unfinished is what comes next.
  return { ...session, current: to, ahead: open && session.current ? [session.current, ...ahead] : ahead };
}

/** Which item this is, counted over everything its reviewer has done. */
export function positionOf(session: Session): number {
  const { trail, entries, current } = session;
  const submitted = progressOf(session)?.mine.submitted ?? 0;
  const at = current === undefined ? -1 : trail.indexOf(current);
  if (at < 0 || entries[current ?? ""]?.state === "open") return submitted + 1;
  const later = trail.slice(at + 1).filter((id) => entries[id]?.state === "submitted").length;
  return Math.max(1, submitted - later);
}

/** The items before and after the one on the screen. */
export function around({ current, trail, ahead, entries }: Session): { before?: string; after?: string } {
  const at = current === undefined ? -1 : trail.indexOf(current);
  const isDone = at >= 0 && current !== undefined && entries[current]?.state !== "open";
  const before = isDone ? trail[at - 1] : trail.filter((one) => one !== current).at(-1);
  const after = isDone ? (trail[at + 1] ?? ahead[0]) : undefined;
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Brings an item onto the screen so that what happens to it is seen. */
function show(session: Session, id: string): Session {
  if (session.current === id) return session;
  if (session.current === undefined)
    return { ...session, current: id, ahead: session.ahead.filter((one) => one !== id) };
  return go(session, id);
}

function undo(session: Session, id: string): Session {
  const step = session.past.at(-1);
  if (!step) return session;
  const entry = session.entries[step.item];
  const rest = { ...session, past: session.past.slice(0, -1), future: [...session.future, step] };
  if (!entry || entry.lost) return { ...session, past: rest.past };
  if (step.kind === "edit")
    return change(show(rest, step.item), step.item, (one) => ({ ...one, form: step.before, problems: [] }));
  const { before } = step;
  const shown = show(rest, step.item);
  const unsent = session.outbox.find((one, at) => one.id === step.sending && !(at === 0 && session.flying));
  const outbox: readonly Outgoing[] = unsent
    ? session.outbox.filter((one) => one !== unsent)
    : [...session.outbox, { id, item: step.item, kind: "undo" }];
  const wasOpen = before.state === "open";
  const counts = wasOpen
    ? { ...session.counts, [SENT[step.kind]]: Math.max(0, session.counts[SENT[step.kind]] - 1) }
    : session.counts;
  const back = change(shown, step.item, (one) => ({
    ...one,
    state: before.state,
    form: before.form,
    sent: before.sent,
    problems: [],
  }));
  return { ...back, outbox, counts, trail: wasOpen ? back.trail.filter((one) => one !== step.item) : back.trail };
}

function redo(session: Session, id: string): Session {
  const step = session.future.at(-1);
  if (!step) return session;
  const entry = session.entries[step.item];
  const rest = { ...session, future: session.future.slice(0, -1) };
  if (!entry?.review || entry.lost) return rest;
  const shown = show(rest, step.item);
  if (step.kind === "edit")
    return {
      ...change(shown, step.item, (one) => ({ ...one, form: step.after, problems: [] })),
      past: [...session.past, step],
    };
  const again = { ...step, sending: id, before: entry };
  return { ...send(shown, entry, again), past: [...session.past, again] };
}

function sent(session: Session, action: Extract<Action, { do: "sent" }>): Session {
  const [first, ...outbox] = session.outbox;
  if (first?.id !== action.id) return session;
  const told = change(session, first.item, (entry) => {
    if (!entry.review) return entry;
    const state = first.kind === "undo" ? "held" : SENT[first.kind];
    return { ...entry, review: { ...entry.review, seat_state: state } };
  });
  const next = take(
    { ...told, outbox, flying: false, offline: false, progress: action.progress },
    action.items,
    action.drafts,
  );
  const dry = next.current === undefined && next.ahead.length === 0 && outbox.length === 0;
  return advance({ ...next, claim: dry ? "due" : next.claim });
}

/** The item is not this reviewer's any more. */
const GONE = new Set([
  "lease_lost",
  "item_complete",
  "submitted_elsewhere",
  "item_taken",
  "queue_item_not_found",
  "queue_not_found",
]);

function refused(session: Session, action: Extract<Action, { do: "refused" }>): Session {
  const [first, ...outbox] = session.outbox;
  if (first?.id !== action.id) return session;
  const lost = GONE.has(action.code) ? { code: action.code, message: action.message } : undefined;
  const problem: Problem = { field: fieldOf(first, action.field), message: action.message };
  const back = change(session, first.item, (entry) => {
    const { lost: _, review, ...kept } = entry;
    const after: Entry = { ...kept, state: "open", problems: lost ? [] : [problem], ...(lost ? { lost } : {}) };
    // What is asked has changed: it is read again, under what was written.
    if (!review || action.code === "question_gone") return after;
    return { ...after, review: action.code === "span_gone" ? { ...review, orphaned: true } : review };
  });
  const wasCounted = first.kind !== "undo" && session.entries[first.item]?.state === SENT[first.kind];
  const counts = wasCounted
    ? { ...session.counts, [SENT[first.kind]]: Math.max(0, session.counts[SENT[first.kind]] - 1) }
    : session.counts;
  const steps = session.past.filter((step) => step.kind === "edit" || step.sending !== action.id);
  return advance({
    ...back,
    outbox: outbox.filter(({ item }) => item !== first.item),
    flying: false,
    past: steps,
    counts,
    refused: first.item === session.current ? session.refused : [...session.refused, first.item],
  });
}

/** Which field of the screen a field of the request is. */
function fieldOf(outgoing: Outgoing, field: string | undefined): string {
  const answers = outgoing.kind === "submit" ? outgoing.body.answers : [];
  const at = /^answers\[(\d+)\]/.exec(field ?? "")?.[1];
  if (at !== undefined) return answers[Number(at)]?.key ?? "";
  const key = /^answers\.(.+)$/.exec(field ?? "")?.[1];
  if (key !== undefined) return key;
  return field === "correction" || field === "note" ? field : "";
}

function drop(session: Session, id: string): Session {
  const { [id]: _, ...entries } = session.entries;
  return {
    ...session,
    entries,
    current: undefined,
    ahead: session.ahead.filter((one) => one !== id),
    trail: session.trail.filter((one) => one !== id),
    refused: session.refused.filter((one) => one !== id),
    past: session.past.filter(({ item }) => item !== id),
    future: session.future.filter(({ item }) => item !== id),
    claim: session.ahead.length === 0 ? "due" : session.claim,
  };
}
