import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Which rooms a room may import from. Features are all that is not named. */
const MAY: Record<string, string[]> = { ui: [], api: [], keys: ["ui"], app: ["ui", "api", "keys"] };
const ROOMS = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    /\.tsx?$/.test(entry.name) ? [join(entry.parentPath, entry.name)] : [],
  );
}

describe("the rooms of the app", () => {
  it.each(ROOMS)("%s imports only what it may", (room) => {
    const allowed = MAY[room] ?? ROOMS.filter((other) => room === "routes" || other !== "routes");
    for (const file of files(join(import.meta.dirname, room))) {
      for (const [, other] of readFileSync(file, "utf8").matchAll(/from "\.\.\/([\w-]+)/g)) {
        expect([room, ...allowed], `${file} imports ${other}`).toContain(other);
      }
    }
  });

  it("has no component longer than 250 lines", () => {
    const long = files(import.meta.dirname).filter(
      (file) => file.endsWith(".tsx") && readFileSync(file, "utf8").split("\n").length > 250,
    );
    expect(long).toEqual([]);
  });

  it("never writes HTML from text", () => {
    const writers = files(import.meta.dirname).filter(
      (file) =>
        !file.endsWith(".test.ts") &&
        !file.endsWith(".test.tsx") &&
        /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML/.test(readFileSync(file, "utf8")),
    );
    expect(writers).toEqual([]);
  });
});
