import type { Datapoint, DatapointMessage } from "../api/datasets";
import type { Json, JsonObject } from "../api/types";

/** A text of a message, and the part that holds it; -1 where the content itself is the text. */
export interface MessageText {
  at: number;
  text: string;
}

const isText = (part: JsonObject): part is JsonObject & { text: string } =>
  part.type === "text" && typeof part.text === "string";

/** The texts of a message that somebody may edit. */
export function textsOf({ content, tool_calls }: DatapointMessage): MessageText[] {
  if (Array.isArray(content)) return content.flatMap((part, at) => (isText(part) ? [{ at, text: part.text }] : []));
  if (content === undefined && tool_calls?.length) return [];
  return [{ at: -1, text: content ?? "" }];
}

/** The same message with another text; everything else of it stays as it is. */
export function withText(message: DatapointMessage, at: number, text: string): DatapointMessage {
  if (!Array.isArray(message.content)) return { ...message, content: text };
  return { ...message, content: message.content.map((part, index) => (index === at ? { ...part, text } : part)) };
}

/** What a message holds beside its texts: shown, and kept as it is. */
export interface OtherPart {
  kind: "image" | "call" | "other";
  /** What it is, in words. */
  name: string;
  /** The address of an image, or the text of anything else. */
  detail: string;
}

const at = (value: Json | undefined, name: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;

const SHORT = 200;

const brief = (value: Json): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
};

function otherOf(part: JsonObject): OtherPart {
  const url = at(part.image_url, "url");
  if (part.type === "image_url" && typeof url === "string") return { kind: "image", name: "Image", detail: url };
  if (part.type === "input_audio")
    return { kind: "other", name: "Recording", detail: brief(at(part.input_audio, "format") ?? "") };
  if (part.type === "file")
    return { kind: "other", name: "File", detail: brief(at(part.file, "filename") ?? at(part.file, "file_id") ?? "") };
  const said = part.refusal ?? part.reasoning ?? part.text;
  return { kind: "other", name: typeof part.type === "string" ? part.type : "part", detail: brief(said ?? part) };
}

export function othersOf({ content, tool_calls, tool_call_id }: DatapointMessage): OtherPart[] {
  const parts = Array.isArray(content) ? content.filter((part) => !isText(part)).map(otherOf) : [];
  const calls = (tool_calls ?? []).map(
    ({ function: called }): OtherPart => ({ kind: "call", name: called.name, detail: called.arguments }),
  );
  const answers: OtherPart[] = tool_call_id ? [{ kind: "other", name: "answers the call", detail: tool_call_id }] : [];
  return [...parts, ...calls, ...answers];
}

/** The roles that a message may take without losing what only its own role may hold. */
export function rolesOf(message: DatapointMessage): string[] {
  const plain = ["system", "developer", "user", "assistant"];
  return plain.includes(message.role) && othersOf(message).length === 0 ? plain : [message.role];
}

const textOf = (message: DatapointMessage): string =>
  textsOf(message)
    .map(({ text }) => text)
    .join(" ");

/** What was asked last, for a list. */
export function questionOf({ messages = [] }: Pick<Datapoint, "messages">): string {
  const asked = messages.findLast(({ role }) => role === "user") ?? messages.at(-1);
  if (!asked) return "";
  return textOf(asked) || (othersOf(asked)[0]?.name ?? "");
}
