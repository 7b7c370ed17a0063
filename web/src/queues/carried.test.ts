import { expect, it } from "vitest";
import { carried, carry, putDown, said } from "./carried";

it("what was selected goes to the form of a new queue of its project, and only by the way that says so", () => {
  const eight = { project: "shop", what: "8 traces", add: async () => undefined };
  carry(eight);
  expect([carried("shop", true), carried("shop", false), carried("bank", true)]).toEqual([eight, undefined, undefined]);
  putDown();
  expect(carried("shop", true)).toBeUndefined();
});

it("says what became of what was added", () => {
  expect(said({ added: 8, already_there: 0, not_found: 0 }, "Lamps")).toBe("8 added to Lamps");
  expect(said({ added: 0, already_there: 1, not_found: 2 }, "Lamps")).toBe(
    "Nothing new in Lamps; 1 was there already; 2 are gone",
  );
});
