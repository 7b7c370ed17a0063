import { describe, expect, it } from "vitest";
import { type Change, characters, choose, isChosen, optionsOf, remember, wrong } from "./answers";

const options = ["a", "b", "c"].map((value) => ({ value, sentiment: "neutral" as const, description: "", icon: "" }));
const single = { type: "single_select" as const, options };
const multi = { type: "multi_select" as const, options };
const range = { type: "range" as const, config: { min: 0, max: 10 } };

describe("answering", () => {
  it("chooses one, and takes it back when chosen again", () => {
    expect(choose(single, undefined, "a")).toBe("a");
    expect(choose(single, "a", "b")).toBe("b");
    expect(choose(single, "b", "b")).toBeUndefined();
  });

  it("keeps several in the order of the options", () => {
    expect(choose(multi, ["c"], "a")).toEqual(["a", "c"]);
    expect(choose(multi, ["a"], "a")).toBeUndefined();
  });

  it("answers yes and no", () => {
    expect(choose({ type: "boolean" }, undefined, "false")).toBe(false);
    expect(choose({ type: "boolean" }, false, "false")).toBeUndefined();
    expect(isChosen(false, "false")).toBe(true);
    expect(optionsOf({ type: "boolean" })).toEqual(["true", "false"]);
  });

  it("says what is wrong in the words of the server", () => {
    expect(wrong(range, 15)).toBe("Value 15 is out of range [0, 10].");
    expect(wrong(range, Number.NaN)).toBe("Enter a number.");
    expect(wrong({ type: "text", config: { max_length: 3 } }, "four")).toBe(
      "String value exceeds maximum length of 3 characters.",
    );
    expect(wrong(range, 0)).toBeUndefined();
  });

  it("counts characters, not halves of them", () => {
    expect(characters("👍🏽é")).toBe(3);
  });
});

describe("undo", () => {
  const change = (before: Change["before"], after: Change["after"], key = "note"): Change => ({
    traceId: "t",
    spanId: "s",
    review: { key, display_name: key },
    before,
    after,
  });

  it("takes typing back as one", () => {
    const undo = remember(remember([], change(undefined, "a"), true), change("a", "ab"), true);
    expect(undo).toEqual([change(undefined, "ab")]);
  });

  it("keeps every choice, and nothing that changed nothing", () => {
    const undo = remember(remember([], change(undefined, "a"), false), change("a", "b"), false);
    expect(undo).toHaveLength(2);
    expect(remember(undo, change("b", "b"), false)).toBe(undo);
  });
});
