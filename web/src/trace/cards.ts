import type { Json, Message, Part, ToolCall, ToolResult } from "../api/types";

/** A tool call with its result, wherever in the conversation that stands. */
export interface ToolCard {
  call: ToolCall | undefined;
  result: ToolResult | undefined;
}

export type Block = { kind: "part"; part: Exclude<Part, ToolCall | ToolResult> } | { kind: "tool"; card: ToolCard };

export interface Turn {
  role: Message["role"];
  name: string | undefined;
  blocks: Block[];
  output: boolean;
  finish: string | undefined;
}

/**
 * A conversation for reading: each tool call carries its result, so that the two are one card. A result joins its call
 * by id, else the first call before it that has no result. Results that belong to no call stand alone.
 */
export function turns(input: Message[], output: Message[]): Turn[] {
  const open: ToolCard[] = [];
  const made: Turn[] = [];
  const read = (message: Message, isOutput: boolean) => {
    const blocks: Block[] = [];
    for (const part of message.parts) {
      if (part.type === "tool_call") {
        const card: ToolCard = { call: part, result: undefined };
        open.push(card);
        blocks.push({ kind: "tool", card });
      } else if (part.type === "tool_result") {
        const waiting = (card: ToolCard) => card.result === undefined;
        const byId =
          part.id === undefined ? undefined : open.find((card) => waiting(card) && card.call?.id === part.id);
        const card = byId ?? open.find((one) => waiting(one) && (one.call?.id === undefined || part.id === undefined));
        if (card) card.result = part;
        else blocks.push({ kind: "tool", card: { call: undefined, result: part } });
      } else blocks.push({ kind: "part", part });
    }
    // A message of results that all joined their calls says nothing more.
    const joined = blocks.length === 0 && message.parts.length > 0;
    if (!joined)
      made.push({ role: message.role, name: message.name, blocks, output: isOutput, finish: message.finish_reason });
  };
  for (const message of input) read(message, false);
  for (const message of output) read(message, true);
  return made;
}

/** A value as text to read: text stays, JSON is laid out. */
export function asText(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** JSON that was sent as text is read as JSON. */
export function unpacked(value: Json | undefined): Json | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value) || value.length > 500_000) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** The arguments of a call in one line. */
export function inBrief(value: Json | undefined): string {
  const read = unpacked(value);
  if (read === undefined || read === null) return "";
  if (typeof read !== "object") return String(read).slice(0, 120);
  if (Array.isArray(read)) return JSON.stringify(read).slice(0, 120);
  const pairs = Object.entries(read).map(
    ([key, one]) => `${key}: ${typeof one === "string" ? one : JSON.stringify(one)}`,
  );
  return pairs.join(", ").slice(0, 120);
}
