/** The rules of answering: what an answer becomes, and what is wrong with it. The server checks the same again. */
import type { AnswerValue, HumanReview, ReviewInput } from "../api/types";

type Asked = Pick<ReviewInput, "type" | "options" | "config">;

/** How many characters a text may have when nothing else is said. */
export const TEXT_LIMIT = 3000;

export const textLimit = (review: Asked): number => review.config?.max_length ?? TEXT_LIMIT;

/** Characters as the server counts them: code points. */
export const characters = (text: string): number => [...text].length;

/** The answer after an option was chosen; nothing when that takes the last answer back. */
export function choose(review: Asked, current: AnswerValue | undefined, option: string): AnswerValue | undefined {
  if (review.type === "boolean") {
    const value = option === "true";
    return current === value ? undefined : value;
  }
  if (review.type === "single_select") return current === option ? undefined : option;
  const chosen = Array.isArray(current) ? current : [];
  const order = review.options?.map(({ value }) => value) ?? [];
  const next = chosen.includes(option) ? chosen.filter((one) => one !== option) : [...chosen, option];
  next.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return next.length > 0 ? next : undefined;
}

/** The options that keys choose. */
export function optionsOf(review: Asked): string[] {
  if (review.type === "boolean") return ["true", "false"];
  return review.type === "single_select" || review.type === "multi_select"
    ? (review.options ?? []).map(({ value }) => value)
    : [];
}

/** What the keys 1 to 9 and 0 answer to a range: its values where they are few, else tenths of the way. */
export function rangeDigits(review: Asked): number[] {
  const { min, max, step } = rangeOf(review);
  const whole = Number.isInteger(min) && Number.isInteger(step) && min >= 1 && max <= 10;
  const tidy = (value: number) => Number(value.toFixed(6));
  return Array.from({ length: 10 }, (_, index) => {
    if (whole) return Math.min(max, Math.max(min, index + 1));
    const steps = Math.round(((max - min) * (index + 1)) / 10 / step);
    return tidy(Math.min(max, min + steps * step));
  });
}

/** What the keys 1 to 9 and 0 answer, in their order. */
export const digitsOf = (review: Asked): (string | number)[] =>
  review.type === "range" ? rangeDigits(review) : optionsOf(review);

export function isChosen(current: AnswerValue | undefined, option: string): boolean {
  return Array.isArray(current) ? current.includes(option) : current !== undefined && String(current) === option;
}

/** The range of a range, whole and in order. */
export function rangeOf(review: Asked): { min: number; max: number; step: number } {
  const min = review.config?.min ?? 0;
  const max = Math.max(min, review.config?.max ?? 1);
  return { min, max, step: review.config?.step ?? (max - min <= 1 ? 0.01 : 1) };
}

/** What is wrong with an answer, in the words of the server; nothing when it may be sent. */
export function wrong(review: Asked, value: AnswerValue): string | undefined {
  if (review.type === "range") {
    const { min, max } = rangeOf(review);
    if (typeof value !== "number" || !Number.isFinite(value)) return "Enter a number.";
    if (value < min || value > max) return `Value ${value} is out of range [${min}, ${max}].`;
  }
  if (typeof value === "string" && (review.type === "text" || review.type === "correction")) {
    const limit = textLimit(review);
    if (characters(value) > limit) return `String value exceeds maximum length of ${limit} characters.`;
  }
  return undefined;
}

export const same = (one: AnswerValue | undefined, other: AnswerValue | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** One change of an answer, with what takes it back. */
export interface Change {
  traceId: string;
  spanId: string;
  review: Pick<HumanReview, "key" | "display_name">;
  before: AnswerValue | undefined;
  after: AnswerValue | undefined;
}

/** The changes that can be taken back, the last one last. */
export type Undo = readonly Change[];

const MOST = 200;

/** Adds a change. Typing on in the same text is one change, not many. */
export function remember(undo: Undo, change: Change, typing: boolean): Undo {
  if (same(change.before, change.after)) return undo;
  const last = undo.at(-1);
  const goesOn =
    typing &&
    last &&
    last.spanId === change.spanId &&
    last.review.key === change.review.key &&
    same(last.after, change.before);
  return goesOn ? [...undo.slice(0, -1), { ...last, after: change.after }] : [...undo, change].slice(-MOST);
}
