import { describe, expect, it } from "vitest";
import { diff } from "./diff";

const side = (before: string, after: string, drop: "added" | "removed") =>
  diff(before, after)
    .filter(({ kind }) => kind !== drop)
    .map(({ text }) => text)
    .join("");

describe("the difference of two texts", () => {
  it("marks the words that changed", () => {
    expect(diff("The capital is Sydney.", "The capital is Canberra.")).toEqual([
      { kind: "same", text: "The capital is " },
      { kind: "removed", text: "Sydney" },
      { kind: "added", text: "Canberra" },
      { kind: "same", text: "." },
    ]);
  });

  it.each([
    ["", "all new"],
    ["all gone", ""],
    ["a b c d e", "a c b e d"],
    ["same", "same"],
    ["答えは東京です", "答えは京都です"],
    ["two\n\nlines", "two\nlines here"],
  ])("keeps both texts whole: %j, %j", (before, after) => {
    expect(side(before, after, "added")).toBe(before);
    expect(side(before, after, "removed")).toBe(after);
  });

  it("tells texts that share little apart whole", () => {
    expect(diff("Good news! You may return it.", "I am afraid the time is over.").map(({ kind }) => kind)).toEqual([
      "removed",
      "added",
    ]);
  });

  it("stays quick on long texts", () => {
    const long = Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(" ");
    expect(side(long, [...long].reverse().join(""), "added")).toBe(long);
  });
});
