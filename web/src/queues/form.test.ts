import { describe, expect, it } from "vitest";
import type { Review } from "../api/queues";
import type { HumanReview, SpanDetail } from "../api/types";
import { askedOf, bodyOf, formOf, isBlank, problemsOf, readForm, sameForm } from "./form";

const asks = (key: string, type: HumanReview["type"]): HumanReview => ({
  id: key,
  key,
  type,
  display_name: key,
  description: "",
});

const review = (more: Partial<Review> = {}): Review => ({
  item: { id: "a", kind: "span", state: "to_do", priority: 0, added_at: "" },
  seat_state: "held",
  span: {
    normalized: { output: [{ role: "assistant", parts: [{ type: "text", text: "Sydney." }] }] },
  } as SpanDetail,
  questions: [
    { human_review: asks("good", "boolean"), required: true, answer: { value: true, explanation: "Clear." } },
    { human_review: asks("why", "text"), required: false },
    { human_review: asks("correction", "correction"), required: false },
  ],
  flagged: false,
  seconds: 0,
  ...more,
});

describe("a form", () => {
  it("begins with what was said, or with the draft, whoever wrote it", () => {
    expect(formOf(review()).answers).toEqual({ good: true });
    const mine = { answers: { good: false }, note: "n", flagged: true, correction: "Canberra." };
    expect(formOf(review({ draft: mine }))).toEqual(mine);
    const theirs = { answers: [{ key: "good", value: false }] };
    expect(formOf(review({ draft: theirs }))).toEqual({ answers: { good: false }, note: "", flagged: false });
  });

  it("is not read from anything else", () => {
    for (const other of [null, undefined, "x", 3, {}, { answers: 1 }]) expect(readForm(other)).toBeUndefined();
    expect(isBlank(readForm({ answers: { a: { b: 1 } } }) ?? formOf(review()))).toBe(true);
  });

  it("is the same in any order of its answers", () => {
    const one = { answers: { a: 1, b: 2 }, note: "", flagged: false };
    expect(sameForm(one, { ...one, answers: { b: 2, a: 1 } })).toBe(true);
    expect(sameForm(one, { ...one, flagged: true })).toBe(false);
  });

  it("asks for a correction in one place only", () => {
    expect(askedOf(review(), "optional").map(({ human_review: { key } }) => key)).toEqual(["good", "why"]);
    expect(askedOf(review(), "none")).toHaveLength(3);
  });

  it("says what is missing, in the order of the screen", () => {
    const empty = { answers: {}, note: "x".repeat(3001), flagged: false };
    expect(problemsOf(review(), empty, "required").map(({ field }) => field)).toEqual(["good", "correction", "note"]);
    expect(problemsOf(review(), { ...empty, note: "", answers: { good: true } }, "optional")).toEqual([]);
  });

  it("sends an answer that was left as it is as a correction only when one is asked of every item", () => {
    const form = { answers: { good: true }, note: "", flagged: false, correction: "Sydney." };
    expect(bodyOf(review(), form, "optional", "1")).not.toHaveProperty("correction");
    expect(bodyOf(review(), form, "required", "1").correction).toBe("Sydney.");
    expect(bodyOf(review(), { ...form, correction: "Canberra." }, "optional", "1")).toMatchObject({
      answers: [{ key: "good", value: true, explanation: "Clear." }],
      correction: "Canberra.",
    });
  });
});
