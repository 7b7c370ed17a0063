import { describe, expect, it } from "vitest";
import type { ReviewInput, Sentiment } from "../api/types";
import { touched, whatChanged } from "./changes";

const option = (value: string, sentiment: Sentiment = "neutral") => ({ value, sentiment, description: "", icon: "" });
const tone: ReviewInput = {
  type: "single_select",
  key: "tone",
  display_name: "Tone",
  description: "",
  options: [option("warm"), option("cold"), option("flat")],
};

describe("what changed in a human review", () => {
  it("is told in words", () => {
    expect(whatChanged(tone, tone)).toEqual([]);
    expect(
      whatChanged(tone, {
        ...tone,
        display_name: "Voice",
        options: [option("cold"), option("warm", "positive"), option("dry")],
      }),
    ).toEqual([
      "title “Tone” became “Voice”",
      "options added: “dry”",
      "options removed: “flat”",
      "options in another order",
      "sentiment of “warm”",
    ]);
    const range: ReviewInput = { ...tone, type: "range", options: [], config: { min: 0, max: 5 } };
    expect(whatChanged(range, { ...range, config: { min: 0, max: 10, step: 1 } })).toEqual([
      "maximum 5 became 10",
      "step not set became 1",
    ]);
  });

  it("names the values that a change leaves behind, and only those", () => {
    const used = new Map([
      ["warm", 37],
      ["cold", 1],
      ["flat", 0],
    ]);
    const without = (...gone: string[]) => ({
      ...tone,
      options: tone.options?.filter(({ value }) => !gone.includes(value)) ?? [],
    });
    expect(touched(tone, without("flat"), used, 38)).toEqual([]);
    expect(touched(tone, without("warm", "cold"), used, 38)).toEqual([
      "37 values use “warm”, which nobody can choose any more.",
      "1 value uses “cold”, which nobody can choose any more.",
    ]);
    expect(touched(tone, { ...tone, key: "voice" }, used, 38)[0]).toContain("“voice”");
  });
});
