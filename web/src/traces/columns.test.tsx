import { expect, it } from "vitest";
import { COLUMNS, chosenColumns, gridOf, USUAL } from "./columns";

it("unknown columns of an older view are left out, and the order is that of the table", () => {
  expect(chosenColumns(["time", "gone", "name"])).toEqual(["name", "time"]);
});

it("a list never stands without columns", () => {
  expect(chosenColumns([])).toEqual(USUAL);
  expect(chosenColumns(["gone"])).toEqual(USUAL);
});

it("every column has a room of its own", () => {
  expect(gridOf(COLUMNS.slice(0, 2))).toBe("minmax(100px,1fr) minmax(120px,2fr)");
  expect(new Set(COLUMNS.map(({ id }) => id)).size).toBe(COLUMNS.length);
});
