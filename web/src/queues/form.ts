/** What a reviewer fills in about one item, and what is wrong with it. */
import type { AskedQuestion, Corrects, Review, Submission } from "../api/queues";
import type { AnswerValue, Message } from "../api/types";
import { characters, wrong } from "../review/answers";
import { count } from "../ui/format";

export interface Form {
  answers: Readonly<Record<string, AnswerValue>>;
  /** What should have been said; absent: nobody has begun to write it. */
  correction?: string;
  note: string;
  flagged: boolean;
}

const blank: Form = { answers: {}, note: "", flagged: false };

const isAnswer = (value: unknown): value is AnswerValue =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  typeof value === "number" ||
  (Array.isArray(value) && value.every((one) => typeof one === "string"));

/** A form that was stored somewhere; nothing when it cannot be read. */
export function readForm(stored: unknown): Form | undefined {
  if (typeof stored !== "object" || stored === null || !("answers" in stored)) return undefined;
  const { answers, correction, note, flagged } = stored as Record<string, unknown>;
  if (typeof answers !== "object" || answers === null) return undefined;
  // The server writes answers as a list, this page by their keys.
  const pairs: [string, unknown][] = Array.isArray(answers)
    ? answers.flatMap((one) => (typeof one?.key === "string" ? [[one.key, one.value]] : []))
    : Object.entries(answers);
  const known = pairs.filter((entry): entry is [string, AnswerValue] => isAnswer(entry[1]));
  return {
    answers: Object.fromEntries(known),
    ...(typeof correction === "string" ? { correction } : {}),
    note: typeof note === "string" ? note : "",
    flagged: flagged === true,
  };
}

/** What the server has of an item: what was said, with what was written since. */
export function storedForm(review: Review): Form {
  const given = review.questions.flatMap(({ human_review: { key }, answer }) => (answer ? [[key, answer.value]] : []));
  return {
    ...blank,
    answers: Object.fromEntries(given),
    ...(review.correction === undefined ? {} : { correction: review.correction }),
    note: review.note ?? "",
    flagged: review.flagged,
  };
}

export const formOf = (review: Review): Form => readForm(review.draft) ?? storedForm(review);

export const sameForm = (one: Form, other: Form): boolean =>
  JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));

const ordered = (form: Form) => [
  Object.entries(form.answers).sort(([one], [other]) => (one < other ? -1 : 1)),
  form.correction ?? "",
  form.note,
  form.flagged,
];

export const isBlank = (form: Form): boolean => sameForm(form, blank);

/** What was answered, for reading and correcting. */
export const answerText = (messages: Message[] | undefined): string =>
  (messages ?? [])
    .flatMap((message) => message.parts)
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("\n\n");

/** What the correction of an item begins with. */
export function originalOf(review: Review): string {
  const { normalized } = review.span ?? {};
  const text = answerText(normalized?.output);
  return text || (typeof normalized?.output_raw === "string" ? normalized.output_raw : "");
}

/** What is asked on the screen: a correction that the queue asks for has a place of its own. */
export const askedOf = (review: Review, corrects: Corrects): AskedQuestion[] =>
  corrects === "none"
    ? review.questions
    : review.questions.filter(({ human_review: { type } }) => type !== "correction");

/** What is wrong, and with which field: the key of a question, `correction` or `note`; an empty field is the whole. */
export interface Problem {
  field: string;
  message: string;
}

export const NOTE_LIMIT = 3000;
/** Characters of a correction: whole answers are written anew. */
export const CORRECTION_LIMIT = 100_000;

/** What keeps a form from being submitted, in the order of the screen. */
export function problemsOf(review: Review, form: Form, corrects: Corrects): Problem[] {
  const found: Problem[] = [];
  const questions = askedOf(review, corrects);
  for (const { human_review: asked, required } of questions) {
    const value = form.answers[asked.key];
    if (value === undefined || value === "") {
      if (required) found.push({ field: asked.key, message: "This needs an answer." });
      continue;
    }
    const message = wrong(asked, value);
    if (message) found.push({ field: asked.key, message });
  }
  const correction = form.correction ?? "";
  if (corrects === "required" && correction.trim() === "")
    found.push({ field: "correction", message: "Write what should have been said, or confirm the answer as it is." });
  if (characters(correction) > CORRECTION_LIMIT)
    found.push({ field: "correction", message: `A correction has at most ${count(CORRECTION_LIMIT)} characters.` });
  if (characters(form.note) > NOTE_LIMIT)
    found.push({ field: "note", message: `A note has at most ${NOTE_LIMIT} characters.` });
  const said = questions.some(({ human_review: { key } }) => form.answers[key] !== undefined);
  if (found.length === 0 && !said && correction === "" && questions.length > 0)
    found.push({ field: "", message: "Answer a question first, or skip this item." });
  return found;
}

/** The form as it is sent. */
export function bodyOf(review: Review, form: Form, corrects: Corrects, submissionId: string): Submission {
  const answers = askedOf(review, corrects).flatMap(({ human_review: { key }, answer }) => {
    const value = form.answers[key];
    if (value === undefined || value === "") return [];
    const kept = answer?.explanation === undefined ? {} : { explanation: answer.explanation };
    return [{ key, value, ...kept }];
  });
  // An answer that was opened for correction and left as it is is not corrected, unless that was asked.
  const corrected = form.correction && (corrects === "required" || form.correction !== originalOf(review));
  return {
    answers,
    ...(corrected ? { correction: form.correction ?? "" } : {}),
    ...(form.note ? { note: form.note } : {}),
    flagged: form.flagged,
    submission_id: submissionId,
    ahead: 1,
  };
}
