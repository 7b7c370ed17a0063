import { describe, expect, it } from "vitest";
import { change, draftOf, empty, inputOf, keyFrom, problems } from "./draft";

describe("writing a human review", () => {
  it("makes the key from the title until somebody writes one", () => {
    let draft = change(empty(), { do: "text", name: "title", text: "Tone of Voice" });
    expect(draft.key).toBe("tone_of_voice");
    draft = change(draft, { do: "text", name: "key", text: "tone" });
    draft = change(draft, { do: "text", name: "title", text: "Tone" });
    expect(draft.key).toBe("tone");
    expect(keyFrom("Größe & Äther!")).toBe("gro_e_ather");
  });

  it("sends only what belongs to the type", () => {
    let draft = change(empty(), { do: "text", name: "title", text: "Score" });
    draft = change(draft, { do: "type", type: "range" });
    expect(inputOf(draft)).toEqual({
      type: "range",
      display_name: "Score",
      description: "",
      key: "score",
      config: { min: 1, max: 5, step: 1 },
    });
  });

  it("moves, adds and removes options", () => {
    let draft = change(empty(), { do: "option", row: 0, with: { value: "a" } });
    draft = change(draft, { do: "option", row: 1, with: { value: "b" } });
    draft = change(draft, { do: "move", row: 1, by: -1 });
    draft = change(draft, { do: "add" });
    expect(inputOf(draft).options?.map(({ value }) => value)).toEqual(["b", "a"]);
    expect(change(draft, { do: "move", row: 1, by: -1 })).toBe(draft);
    expect(change(draft, { do: "remove", row: 0 }).options.map(({ row }) => row)).toEqual([1, 2]);
  });

  it("names what must be mended", () => {
    expect(problems(empty())).toEqual({ title: "Give it a title.", options: "Give at least one option." });
    const range = change(change(empty(), { do: "type", type: "range" }), { do: "text", name: "max", text: "1" });
    expect(problems(range).range).toBeDefined();
  });

  it("comes back the same from the server", () => {
    const review = {
      id: "1",
      type: "text" as const,
      key: "note",
      display_name: "Note",
      description: "",
      config: { max_length: 200 },
    };
    expect(inputOf(draftOf(review))).toEqual({
      type: "text",
      key: "note",
      display_name: "Note",
      description: "",
      config: { max_length: 200 },
    });
  });
});
