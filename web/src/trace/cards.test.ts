import { describe, expect, it } from "vitest";
import type { Message, Part } from "../api/types";
import { inBrief, turns } from "./cards";

const call = (id: string | undefined, name: string): Part => ({
  type: "tool_call",
  name,
  arguments: {},
  ...(id ? { id } : {}),
});
const result = (id: string | undefined, text: string): Part => ({
  type: "tool_result",
  result: text,
  ...(id ? { id } : {}),
});
const message = (role: Message["role"], ...parts: Part[]): Message => ({ role, parts });

describe("a conversation for reading", () => {
  it("makes one card of a call and its result", () => {
    const made = turns(
      [
        message("assistant", call("a", "one"), call("b", "two")),
        message("tool", result("b", "2")),
        message("tool", result("a", "1")),
      ],
      [],
    );
    expect(made).toHaveLength(1);
    const cards = made[0]?.blocks.map((block) => block.kind === "tool" && block.card.result?.result);
    expect(cards).toEqual(["1", "2"]);
  });

  it("joins by order when there are no ids", () => {
    const made = turns([message("assistant", call(undefined, "one")), message("tool", result(undefined, "1"))], []);
    expect(made).toHaveLength(1);
  });

  it("keeps a result without a call, and an empty message", () => {
    const made = turns([message("tool", result("x", "1")), message("user")], []);
    expect(made.map(({ role }) => role)).toEqual(["tool", "user"]);
  });

  it("says arguments in one line", () => {
    expect(inBrief('{"id": 4711, "note": "two words"}')).toBe("id: 4711, note: two words");
    expect(inBrief("{broken")).toBe("{broken");
  });
});
