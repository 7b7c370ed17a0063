import { describe, expect, it } from "vitest";
import type { Automation } from "../api/automations";
import {
  choiceOf,
  type Draft,
  draftOf,
  empty,
  filterDraftOf,
  inputOf,
  newAction,
  newGroup,
  problems,
  wrongAt,
  wrongFilter,
} from "./draft";

const FIELDS = { names: new Set(["status", "model", "duration_ms"]), keys: new Set(["rating"]) };

const stored: Automation = {
  id: "a",
  name: "Bad answers",
  description: "To the experts",
  enabled: true,
  filters: [
    { field: "status", op: "eq", values: ["error"] },
    { field: "annotation.rating", op: "in", values: ["bad", "very bad"] },
  ],
  filter_operator: "or",
  query: "lost parcel",
  triggers: ["settled", "feedback"],
  quiet_seconds: 5,
  idle_seconds: 300,
  sampling_rate: 12.5,
  strata: [
    {
      name: "Slow",
      filters: [{ field: "duration_ms", op: "gte", values: ["10000"] }],
      filter_operator: "and",
      sampling_rate: 100,
      per_day: 50,
    },
  ],
  per_day: 500,
  actions: [
    { type: "add_to_queue", queue_id: "q", kind: "trace", priority: 10, assignee_id: "m" },
    { type: "add_to_dataset", dataset_id: "d" },
    { type: "call_webhook", webhook_id: "w" },
    { type: "extend_retention", days: 365 },
    { type: "add_tag", tag: "expert" },
  ],
  version: 3,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  totals: { acted: 0, not_sampled: 0, over_quota: 0, failed: 0 },
};

const good = (): Draft => ({
  ...empty(),
  name: "Errors",
  actions: [{ ...newAction([], "add_tag"), tag: "error" }],
});

describe("an automation while it is written", () => {
  it("is sent as it was stored when nothing was changed", () => {
    const { id, enabled, version, created_at, updated_at, totals, actions, ...sent } = stored;
    expect(inputOf(draftOf(stored), FIELDS, stored)).toEqual(sent);
    expect(inputOf(draftOf(stored), FIELDS)).toEqual({ ...sent, actions });
  });

  it("sends all of its actions when one of them is changed", () => {
    const draft = draftOf(stored);
    const changed = { ...draft, actions: draft.actions.filter(({ type }) => type !== "call_webhook") };
    expect(inputOf(changed, FIELDS, stored).actions).toEqual(
      stored.actions.filter(({ type }) => type !== "call_webhook"),
    );
  });

  it("keeps conditions that text cannot say, for as long as they are not touched", () => {
    const odd: Automation = {
      ...stored,
      filters: [{ field: "output", op: "contains", values: ["a", "b"] }],
      strata: [],
    };
    const draft = draftOf(odd);
    expect(choiceOf({ ...draft, rate: "1" }, FIELDS, odd)?.filters).toEqual(odd.filters);
    const touched = { ...draft, filter: { ...draft.filter, text: "status:ok" } };
    expect(choiceOf(touched, FIELDS, odd)?.filters).toEqual([{ field: "status", op: "eq", values: ["ok"] }]);
  });

  it("says what was emptied, so that it is taken away", () => {
    const draft = { ...draftOf(stored), description: " ", perDay: "", filter: { text: "status:ok", any: false } };
    expect(inputOf(draft, FIELDS, stored)).toMatchObject({ description: null, per_day: null });
    expect(inputOf(draft, FIELDS, stored)).not.toHaveProperty("query");
    expect(choiceOf(draft, FIELDS, stored)?.per_day).toBeNull();
    const made = inputOf(good(), FIELDS);
    expect(made).not.toHaveProperty("description");
    expect(made).not.toHaveProperty("per_day");
    expect(made).not.toHaveProperty("query");
  });

  it("takes a filter over as text, and names human reviews by their key", () => {
    const draft = { ...good(), filter: { text: 'rating:bad "lost parcel"', any: true } };
    expect(choiceOf(draft, FIELDS)).toMatchObject({
      filters: [{ field: "annotation.rating", op: "eq", values: ["bad"] }],
      filter_operator: "or",
      query: "lost parcel",
    });
  });

  it("reads a comma as people write it", () => {
    expect(choiceOf({ ...good(), rate: "12,5" }, FIELDS)?.sampling_rate).toBe(12.5);
  });

  it("writes words beside conditions so that they stay words", () => {
    expect(filterDraftOf({ query: "rating:bad or else" }).text).toBe('"rating:bad or else"');
  });

  it("has nothing to complain of when it is right", () => {
    expect(problems(good())).toEqual({});
    expect(problems(draftOf(stored))).toEqual({});
  });

  it.each<[Partial<Draft>, string]>([
    [{ name: "  " }, "name"],
    [{ settled: false, feedback: false }, "triggers"],
    [{ quiet: "0" }, "quiet_seconds"],
    [{ quiet: "1.5" }, "quiet_seconds"],
    [{ idle: "9" }, "idle_seconds"],
    [{ idle: "" }, "idle_seconds"],
    [{ rate: "101" }, "sampling_rate"],
    [{ rate: "" }, "sampling_rate"],
    [{ perDay: "0" }, "per_day"],
    [{ actions: [] }, "actions"],
    [{ actions: [newAction([], "add_to_queue")] }, "actions[0].queue_id"],
    [{ actions: [newAction([], "add_to_dataset")] }, "actions[0].dataset_id"],
    [{ actions: [newAction([], "call_webhook")] }, "actions[0].webhook_id"],
    [{ actions: [{ ...newAction([], "extend_retention"), days: "0" }] }, "actions[0].days"],
    [{ actions: [newAction([], "add_tag")] }, "actions[0].tag"],
  ])("names the field that is wrong: %j", (change, field) => {
    expect(Object.keys(problems({ ...good(), ...change }))).toEqual([field]);
  });

  it("does not ask what it would do while a group is not finished", () => {
    const group = newGroup([]);
    const half = { ...good(), groups: [group] };
    expect(Object.keys(problems(half))).toEqual(["strata[0].name", "strata[0].filters"]);
    expect(choiceOf(half, FIELDS)).toBeUndefined();
    const bad = { ...group, name: "Bad", filter: { text: "rating:bad", any: false } };
    expect(choiceOf({ ...good(), groups: [bad] }, FIELDS)?.strata).toEqual([
      {
        name: "Bad",
        filters: [{ field: "annotation.rating", op: "eq", values: ["bad"] }],
        filter_operator: "and",
        sampling_rate: 100,
      },
    ]);
    expect(problems({ ...good(), groups: [bad, { ...bad, id: 2 }] })).toHaveProperty("strata[1].name");
  });

  it("waits for feedback by itself where the filter asks for what is said", () => {
    expect(empty("annotation.rating = bad").feedback).toBe(true);
    expect(empty("status = error and annotated = true").feedback).toBe(true);
    expect(empty("status = error").feedback).toBe(false);
  });

  it("gives every new group and action a name of its own", () => {
    const first = newGroup([]);
    const second = newGroup([first]);
    expect(newGroup([second]).id).not.toBe(second.id);
    expect(second.id).not.toBe(first.id);
  });

  it("finds what the server says at the field it names, or at the whole it belongs to", () => {
    const wrong = { "strata[1].filters[0].values": "No.", "actions[10].queue_id": "Gone." };
    expect(wrongFilter(wrong, "strata[1].")).toBe("No.");
    expect(wrongFilter(wrong)).toBeUndefined();
    expect(wrongAt(wrong, "actions[1]")).toBeUndefined();
    expect(wrongAt(wrong, "actions[10]")).toBe("Gone.");
  });
});
