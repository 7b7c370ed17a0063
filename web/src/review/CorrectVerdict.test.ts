import { describe, expect, it } from "vitest";
import type { Evaluation } from "../api/types";
import { answerOf, shapeOf } from "./CorrectVerdict";

const verdict = (more: Partial<Evaluation>): Evaluation => ({ id: "v", evaluation_type: "evaluator", ...more });

describe("the correction of a verdict", () => {
  it.each([
    [verdict({ value: false }), "boolean"],
    [verdict({ passed: true }), "boolean"],
    [verdict({ value: 0.4, passed: true }), "number"],
    [verdict({ value: ["a"] }), "list"],
    [verdict({ value: "toxic" }), "text"],
  ] as const)("has the form of what the machine said: %o is %s", (one, shape) => expect(shapeOf(one)).toBe(shape));

  it("is sent as a value of that form", () => {
    expect(answerOf("boolean", "no")).toBe(false);
    expect(answerOf("number", "0,5")).toBe(0.5);
    expect(answerOf("number", "half")).toBeUndefined();
    expect(answerOf("list", "a, b,")).toEqual(["a", "b"]);
    expect(answerOf("text", "  ")).toBeUndefined();
  });
});
