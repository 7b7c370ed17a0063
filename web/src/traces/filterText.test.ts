import { describe, expect, it } from "vitest";
import { chip, compile, parse, print, tokens } from "./filterText";

describe("the text of a filter", () => {
  it.each([
    ["status:error", [{ field: "status", op: "eq", values: ["error"] }]],
    ["model:gpt-4o,gpt-4o-mini", [{ field: "model", op: "in", values: ["gpt-4o", "gpt-4o-mini"] }]],
    ["-tags:test", [{ field: "tags", op: "neq", values: ["test"] }]],
    ["duration_ms:>=1000", [{ field: "duration_ms", op: "gte", values: ["1000"] }]],
    ["cost:0.1..0.5", [{ field: "cost", op: "between", values: ["0.1", "0.5"] }]],
    ['output:~"not sure"', [{ field: "output", op: "contains", values: ["not sure"] }]],
    ["annotation.rating:*", [{ field: "annotation.rating", op: "exists", values: [] }]],
    ["-correction:*", [{ field: "correction", op: "not_exists", values: [] }]],
    ['"lost parcel"', [{ field: "", op: "contains", values: ["lost parcel"] }]],
  ])("%s is read and printed alike", (text, terms) => {
    expect(parse(text)).toEqual(terms);
    expect(print(parse(text))).toBe(text);
  });

  it("keeps a value that looks like a sign or a field", () => {
    for (const value of [">5", "-x", "a:b", 'say "hi"', "back\\slash here", "1..2", "*"]) {
      const terms = [{ field: "name", op: "eq", values: [value] }];
      expect(parse(print(terms))).toEqual(terms);
    }
  });

  it("reads what is not finished without losing it", () => {
    expect(tokens('name:"open quote here')).toEqual(['name:"open quote here']);
    expect(parse("status:")).toEqual([]);
    expect(parse("https://example.com")).toEqual([{ field: "https", op: "eq", values: ["//example.com"] }]);
  });

  it("sends human reviews by their key, and words apart", () => {
    const sent = compile(parse("rating:bad status:ok parcel"), new Set(["status"]), new Set(["rating", "status"]));
    expect(sent.filters.map(({ field }) => field)).toEqual(["annotation.rating", "status"]);
    expect(sent.query).toBe("parcel");
  });

  it("says a chip in words", () => {
    expect(chip({ field: "status", op: "neq", values: ["ok"] }, "Status")).toBe("Status is not ok");
    expect(chip({ field: "", op: "contains", values: ["late"] }, "")).toBe("“late”");
  });
});
