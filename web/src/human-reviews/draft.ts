/** A human review while it is being written: a pure reducer, so that the form holds no rules. */
import type { HumanReview, ReviewInput, ReviewOption, ReviewType } from "../api/types";

export interface Draft {
  type: ReviewType;
  title: string;
  key: string;
  /** The key follows the title until somebody writes one. */
  ownKey: boolean;
  description: string;
  options: (ReviewOption & { row: number })[];
  nextRow: number;
  min: string;
  max: string;
  step: string;
  maxLength: string;
}

export type Change =
  | { do: "type"; type: ReviewType }
  | { do: "text"; name: "title" | "key" | "description" | "min" | "max" | "step" | "maxLength"; text: string }
  | { do: "option"; row: number; with: Partial<ReviewOption> }
  | { do: "add" }
  | { do: "remove"; row: number }
  | { do: "move"; row: number; by: number };

export const TYPES: { type: ReviewType; label: string; hint: string }[] = [
  { type: "single_select", label: "Categorical, one", hint: "One of several buttons" },
  { type: "multi_select", label: "Categorical, several", hint: "Any of several buttons" },
  { type: "range", label: "Range", hint: "A number on a slider" },
  { type: "text", label: "Open field", hint: "Free text" },
  { type: "boolean", label: "Yes/No", hint: "Two buttons" },
  { type: "correction", label: "Correction", hint: "What should have been said" },
];

export const typeLabel = (type: ReviewType): string => TYPES.find((one) => one.type === type)?.label ?? type;

export const hasOptions = (type: ReviewType): boolean => type === "single_select" || type === "multi_select";

/** A key from a title, as the server makes one. */
export function keyFrom(title: string): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60);
}

const option = (row: number): Draft["options"][number] => ({
  row,
  value: "",
  sentiment: "neutral",
  description: "",
  icon: "",
});

export function empty(): Draft {
  return {
    type: "single_select",
    title: "",
    key: "",
    ownKey: false,
    description: "",
    options: [option(0), option(1)],
    nextRow: 2,
    min: "1",
    max: "5",
    step: "1",
    maxLength: "",
  };
}

export function draftOf(review: HumanReview): Draft {
  const text = (value: number | undefined, otherwise: string) => (value === undefined ? otherwise : String(value));
  const options = (review.options ?? []).map((one, row) => ({ ...one, row }));
  return {
    type: review.type,
    title: review.display_name,
    key: review.key,
    ownKey: true,
    description: review.description,
    options,
    nextRow: options.length,
    min: text(review.config?.min, "0"),
    max: text(review.config?.max, "1"),
    step: text(review.config?.step, ""),
    maxLength: text(review.config?.max_length, ""),
  };
}

export function change(draft: Draft, action: Change): Draft {
  switch (action.do) {
    case "type": {
      const needsOptions = hasOptions(action.type) && draft.options.length === 0;
      return {
        ...draft,
        type: action.type,
        ...(needsOptions ? { options: [option(draft.nextRow)], nextRow: draft.nextRow + 1 } : {}),
      };
    }
    case "text": {
      const next = { ...draft, [action.name]: action.text };
      if (action.name === "key") next.ownKey = action.text !== "";
      if (action.name === "title" && !draft.ownKey) next.key = keyFrom(action.text);
      return next;
    }
    case "option":
      return {
        ...draft,
        options: draft.options.map((one) => (one.row === action.row ? { ...one, ...action.with } : one)),
      };
    case "add":
      return { ...draft, options: [...draft.options, option(draft.nextRow)], nextRow: draft.nextRow + 1 };
    case "remove":
      return { ...draft, options: draft.options.filter(({ row }) => row !== action.row) };
    case "move": {
      const at = draft.options.findIndex(({ row }) => row === action.row);
      const to = at + action.by;
      const moved = draft.options[at];
      if (!moved || to < 0 || to >= draft.options.length) return draft;
      const options = draft.options.filter((_, index) => index !== at);
      options.splice(to, 0, moved);
      return { ...draft, options };
    }
  }
}

const number = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text));

/** What is sent. Options without a value are not. */
export function inputOf(draft: Draft): ReviewInput {
  const input: ReviewInput = {
    type: draft.type,
    display_name: draft.title.trim(),
    description: draft.description,
    ...(draft.key ? { key: draft.key } : {}),
  };
  if (hasOptions(draft.type)) {
    input.options = draft.options.filter(({ value }) => value !== "").map(({ row: _, ...rest }) => rest);
  }
  if (draft.type === "range") {
    const step = number(draft.step);
    input.config = {
      min: number(draft.min) ?? 0,
      max: number(draft.max) ?? 1,
      ...(step === undefined ? {} : { step }),
    };
  }
  const most = number(draft.maxLength);
  if ((draft.type === "text" || draft.type === "correction") && most !== undefined) input.config = { max_length: most };
  return input;
}

/** What must be mended before it can be saved, by field. The server checks more. */
export function problems(draft: Draft): Partial<Record<"title" | "options" | "range" | "maxLength", string>> {
  const found: ReturnType<typeof problems> = {};
  if (draft.title.trim() === "") found.title = "Give it a title.";
  if (hasOptions(draft.type)) {
    const values = draft.options.map(({ value }) => value).filter((value) => value !== "");
    if (values.length === 0) found.options = "Give at least one option.";
    if (new Set(values).size < values.length) found.options = "Two options have the same value.";
  }
  const min = Number(draft.min);
  const max = Number(draft.max);
  if (draft.type === "range" && !(Number.isInteger(min) && Number.isInteger(max) && min < max)) {
    found.range = "Minimum and maximum are whole numbers, the minimum smaller.";
  }
  const most = number(draft.maxLength);
  if (most !== undefined && !(Number.isInteger(most) && most >= 1 && most <= 3000)) found.maxLength = "From 1 to 3000.";
  return found;
}
