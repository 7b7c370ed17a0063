import { describe, expect, it } from "vitest";
import { storedAt } from "./media";

const ADDRESS = `/v3/media/${"0f".repeat(32)}`;

describe("media", () => {
  it("are fetched under the project they belong to", () => {
    expect(storedAt(ADDRESS, "a b")).toBe(`${ADDRESS}?project_id=a%20b`);
    expect(storedAt(ADDRESS, "")).toBe(ADDRESS);
  });

  it.each([
    "/v3/media/../me",
    "/v3/media/uploads/1",
    `https://example.com${ADDRESS}`,
    `/${ADDRESS}`,
    `${ADDRESS}?x=1`,
    `${ADDRESS}/x`,
    "javascript:alert(1)",
    "",
  ])("are fetched nowhere else: %s", (address) => {
    expect(storedAt(address, "p")).toBeUndefined();
  });
});
