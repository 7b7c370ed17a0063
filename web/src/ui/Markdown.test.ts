import { expect, it } from "vitest";
import { pieces } from "./Markdown";

it("a long text is cut at the ends of its lines, and nothing is lost", () => {
  const text = "a line of words\n".repeat(2000);
  const cut = pieces(text);
  expect(cut.join("")).toBe(text);
  expect(cut.length).toBeGreaterThan(5);
  expect(cut.every((piece) => piece.endsWith("\n"))).toBe(true);
});

it("a line without an end is cut all the same", () => {
  const text = "x".repeat(10_001);
  expect(pieces(text).map((piece) => piece.length)).toEqual([4000, 4000, 2001]);
  expect(pieces("")).toEqual([]);
});
