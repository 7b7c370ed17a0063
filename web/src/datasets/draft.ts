import type { Datapoint, DatapointInput, DatapointMessage } from "../api/datasets";
import type { Json, JsonObject } from "../api/types";

export interface InputRow {
  id: number;
  name: string;
  text: string;
  /** The value before it was edited, when it was not a text. */
  kept?: Json;
}

export interface MessageRow {
  id: number;
  message: DatapointMessage;
}

/** A datapoint as it is edited: every field as the text that stands in it. */
export interface Draft {
  messages: MessageRow[];
  inputs: InputRow[];
  expected: string;
}

const shown = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

export function draftOf(datapoint: DatapointInput): Draft {
  return {
    messages: (datapoint.messages ?? []).map((message, id) => ({ id, message })),
    inputs: Object.entries(datapoint.inputs ?? {}).map(([name, value], id) => ({
      id,
      name,
      text: shown(value),
      ...(typeof value === "string" ? {} : { kept: value }),
    })),
    expected: datapoint.expected_output ?? "",
  };
}

/** A new datapoint begins with a question to write. */
export const EMPTY: Draft = {
  messages: [{ id: 0, message: { role: "user", content: "" } }],
  inputs: [],
  expected: "",
};

/** What an edited text means: numbers, truth values and objects stay what they were while the text says such. */
export function inputValue({ text, kept }: Pick<InputRow, "text" | "kept">): Json {
  if (kept === undefined || typeof kept === "string") return text;
  try {
    const read = JSON.parse(text) as Json;
    const kind = (value: Json) => (Array.isArray(value) ? "list" : value === null ? "nothing" : typeof value);
    return kind(read) === kind(kept) ? read : text;
  } catch {
    return text;
  }
}

/** What is wrong with a draft, in a sentence. */
export function problemOf({ inputs }: Draft): string | undefined {
  const names = inputs.map(({ name }) => name.trim());
  if (inputs.some(({ name, text }) => name.trim() === "" && text !== "")) return "Every input needs a name.";
  const twice = names.find((name, at) => name !== "" && names.indexOf(name) !== at);
  return twice === undefined ? undefined : `Two inputs have the name “${twice}”.`;
}

/** The whole datapoint that a draft says. */
export function bodyOf({ messages, inputs, expected }: Draft): Required<DatapointInput> {
  const named = inputs.filter(({ name }) => name.trim() !== "");
  const values: JsonObject = Object.fromEntries(named.map((row) => [row.name.trim(), inputValue(row)]));
  return { messages: messages.map(({ message }) => message), inputs: values, expected_output: expected };
}

/** Only what is not as it was: what nobody touched is not sent, so that it is kept to the letter. */
export function changesOf(draft: Draft, before: Pick<Datapoint, keyof DatapointInput>): DatapointInput {
  const body = bodyOf(draft);
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(same(body.messages, before.messages ?? []) ? {} : { messages: body.messages }),
    ...(same(body.inputs, before.inputs ?? {}) ? {} : { inputs: body.inputs }),
    ...(body.expected_output === (before.expected_output ?? "") ? {} : { expected_output: body.expected_output }),
  };
}

export const isEmpty = (change: DatapointInput): boolean => Object.keys(change).length === 0;

/** A draft as it is kept in the browser, and the datapoint it began with. */
export interface KeptDraft {
  of: string;
  draft: Draft;
}

export function readKept(text: string | undefined): KeptDraft | undefined {
  try {
    const read = JSON.parse(text ?? "") as Partial<KeptDraft>;
    const { draft } = read;
    const whole = draft && Array.isArray(draft.messages) && Array.isArray(draft.inputs);
    return whole && typeof draft.expected === "string" ? { of: read.of ?? "", draft } : undefined;
  } catch {
    return undefined;
  }
}

/** An id that no row has. */
export const nextId = (rows: { id: number }[]): number => Math.max(-1, ...rows.map(({ id }) => id)) + 1;
