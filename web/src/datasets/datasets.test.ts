import { describe, expect, it } from "vitest";
import { changesOf, draftOf, EMPTY, inputValue, isEmpty, nextId, problemOf, readKept } from "./draft";
import { fileName } from "./formats";
import { othersOf, questionOf, rolesOf, textsOf, withText } from "./message";
import { datasetSearch } from "./search";

const IMAGE = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
const CALL = { id: "call_1", type: "function", function: { name: "get_order", arguments: '{"id":4711}' } };

describe("the messages of a datapoint", () => {
  it("are edited part by part, and keep what is not text", () => {
    const message = {
      role: "user",
      content: [{ type: "text", text: "Look" }, IMAGE, { type: "text", text: "here" }],
      name: "ann",
    };
    expect(textsOf(message)).toEqual([
      { at: 0, text: "Look" },
      { at: 2, text: "here" },
    ]);
    expect(withText(message, 2, "there")).toEqual({
      ...message,
      content: [{ type: "text", text: "Look" }, IMAGE, { type: "text", text: "there" }],
    });
    expect(othersOf(message)).toEqual([{ kind: "image", name: "Image", detail: IMAGE.image_url.url }]);
  });

  it("offer no text where a model only called tools, and one where it said nothing", () => {
    expect(textsOf({ role: "assistant", tool_calls: [CALL] })).toEqual([]);
    expect(textsOf({ role: "assistant" })).toEqual([{ at: -1, text: "" }]);
    expect(othersOf({ role: "assistant", tool_calls: [CALL] })).toEqual([
      { kind: "call", name: "get_order", detail: '{"id":4711}' },
    ]);
  });

  it("keep their role where another could not hold what they hold", () => {
    expect(rolesOf({ role: "user", content: "Hello" })).toContain("assistant");
    expect(rolesOf({ role: "user", content: [IMAGE] })).toEqual(["user"]);
    expect(rolesOf({ role: "tool", tool_call_id: "call_1", content: "shipped" })).toEqual(["tool"]);
  });

  it("show the last question in a list", () => {
    const messages = [
      { role: "user", content: "First" },
      { role: "assistant", content: "Yes?" },
      { role: "user", content: [{ type: "text", text: "Second" }] },
      { role: "tool", content: "42", tool_call_id: "call_1" },
    ];
    expect(questionOf({ messages })).toBe("Second");
    expect(questionOf({ messages: [{ role: "user", content: [IMAGE] }] })).toBe("Image");
    expect(questionOf({})).toBe("");
  });
});

describe("a draft of a datapoint", () => {
  const datapoint = {
    messages: [{ role: "user", content: "Where is my order?" }],
    inputs: { city: "Berlin", tries: 2, vip: true, order: { id: 7 } },
    expected_output: "On its way.",
  };

  it("that nobody touched changes nothing", () => {
    expect(isEmpty(changesOf(draftOf(datapoint), datapoint))).toBe(true);
    expect(isEmpty(changesOf(draftOf({}), {}))).toBe(true);
  });

  it("sends only the parts that were changed", () => {
    const draft = { ...draftOf(datapoint), expected: "It arrives on Friday." };
    expect(changesOf(draft, datapoint)).toEqual({ expected_output: "It arrives on Friday." });
  });

  it("keeps the type of an input while its text still says such", () => {
    expect(inputValue({ text: "3", kept: 2 })).toBe(3);
    expect(inputValue({ text: "three", kept: 2 })).toBe("three");
    expect(inputValue({ text: "false", kept: true })).toBe(false);
    expect(inputValue({ text: '{"id":8}', kept: { id: 7 } })).toEqual({ id: 8 });
    expect(inputValue({ text: "[8]", kept: { id: 7 } })).toBe("[8]");
    expect(inputValue({ text: "3" })).toBe("3");
  });

  it("says what keeps it from being saved", () => {
    const rows = [
      { id: 0, name: "city", text: "Berlin" },
      { id: 1, name: "city ", text: "Paris" },
    ];
    expect(problemOf({ ...EMPTY, inputs: rows })).toContain("city");
    expect(problemOf({ ...EMPTY, inputs: [{ id: 0, name: "", text: "Berlin" }] })).toBeDefined();
    expect(problemOf({ ...EMPTY, inputs: [{ id: 0, name: "", text: "" }] })).toBeUndefined();
    expect(nextId(rows)).toBe(2);
    expect(nextId([])).toBe(0);
  });

  it("is read from the browser only when it is whole", () => {
    const kept = { of: "2026-01-01T00:00:00Z", draft: draftOf(datapoint) };
    expect(readKept(JSON.stringify(kept))).toEqual(kept);
    expect(readKept('{"draft":{"messages":1}}')).toBeUndefined();
    expect(readKept("{")).toBeUndefined();
    expect(readKept(undefined)).toBeUndefined();
  });
});

describe("a file", () => {
  it("has a name that every system takes", () => {
    expect(fileName("Refunds / März 2026", "dpo", "train")).toMatch(/^Refunds-M[^/ ]*rz-2026\.dpo\.train\.jsonl$/);
    expect(fileName("…", "csv", "")).toBe("dataset.csv");
  });
});

describe("the address of a dataset", () => {
  it("says which datapoint is open", () => {
    expect(datasetSearch({ datapoint: "01J" })).toEqual({ datapoint: "01J" });
    expect(datasetSearch({ datapoint: 7 })).toEqual({});
  });
});
