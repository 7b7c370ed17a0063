import { describe, expect, it } from "vitest";
import type { Automation } from "../api/automations";
import { dryRunWords } from "./DryRun";
import { automationSearch } from "./search";
import { actionWords, filterWords, rateWords, stateOf, totalsWords } from "./words";

const FIELDS = {
  list: [{ name: "status", label: "Status" }],
  reviews: [{ key: "rating", display_name: "Rating" }],
  names: new Set(["status"]),
  keys: new Set(["rating"]),
};

const none = { acted: 0, not_sampled: 0, over_quota: 0, failed: 0 };
const state = (part: Partial<Automation>) => stateOf({ enabled: true, ...part } as Automation);

describe("an automation in words", () => {
  it("says which traces are meant as the list of traces does", () => {
    const filters = [
      { field: "status", op: "eq", values: ["error"] },
      { field: "annotation.rating", op: "neq", values: ["good"] },
    ];
    expect(filterWords({ filters }, FIELDS)).toBe("Status: error and Rating is not good");
    expect(filterWords({ filters, filter_operator: "or" }, FIELDS)).toBe("Status: error; or Rating is not good");
    expect(filterWords({ query: "lost parcel" }, FIELDS)).toBe("“lost parcel”");
    expect(filterWords({}, FIELDS)).toBe("Every trace");
  });

  it("says how many of them, group by group", () => {
    expect(rateWords({ sampling_rate: 100, strata: [] })).toBe("100 %");
    const strata = [{ name: "Rated bad", sampling_rate: 100, per_day: 50 }];
    expect(rateWords({ sampling_rate: 20, strata, per_day: 1500 })).toBe(
      "Rated bad 100 % (at most 50 a day), the rest 20 %; at most 1,500 a day",
    );
  });

  it("is failing only when the last thing it did went wrong", () => {
    const last_error = { message: "no", at: "2026-01-02T00:00:00Z" };
    expect(state({})).toBe("on");
    expect(state({ last_error })).toBe("failing");
    expect(state({ last_error, last_acted_at: "2026-01-01T00:00:00Z" })).toBe("failing");
    expect(state({ last_error, last_acted_at: "2026-01-03T00:00:00Z" })).toBe("on");
    expect(state({ last_error, enabled: false })).toBe("paused");
  });

  it("tells only what happened", () => {
    expect(totalsWords({ totals: none })).toBe("0 acted on");
    expect(totalsWords({ totals: { ...none, acted: 1200, failed: 2 } })).toBe("1,200 acted on · 2 failed");
  });

  it("says that what an action needs is gone", () => {
    expect(actionWords({ type: "add_to_queue", queue_id: "q" }, "Triage")).toBe("Triage");
    expect(actionWords({ type: "add_to_queue", queue_id: "q" }, undefined)).toBe("a queue that is gone");
    expect(actionWords({ type: "extend_retention", days: 1 }, undefined)).toBe("Keep 1 day");
  });

  it("says what it would have done", () => {
    const answer = {
      days: 7,
      looked_at: 48110,
      matches: 1204,
      would_act: 212,
      acted_before: 0,
      strata: [],
      traces: [],
    };
    expect(dryRunWords(answer)).toBe("Would act on 212 of 48,110 traces of the last 7 days");
    expect(dryRunWords({ ...answer, days: 1, looked_at: 1, would_act: 0 })).toBe(
      "Would act on 0 of 1 trace of the last day",
    );
  });

  it("reads its address, and nothing else", () => {
    expect(automationSearch({ tab: "runs", outcome: "failed", q: 404, back: true })).toEqual({
      tab: "runs",
      outcome: "failed",
      q: "404",
      back: true,
    });
    expect(automationSearch({ tab: "x", outcome: "y", q: "", back: 0 })).toEqual({});
  });
});
