import { expect, it } from "vitest";
import { fileSize } from "./format";

it("the size of a file is told in the unit that fits", () => {
  expect([1, 999_999, 1_000_000, 12_340_000, 250_000_000].map(fileSize)).toEqual([
    "1 kB",
    "1,000 kB",
    "1.0 MB",
    "12.3 MB",
    "250 MB",
  ]);
});
