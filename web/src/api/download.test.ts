import { expect, it, vi } from "vitest";
import { download } from "./client";

it("a file is handed over whole, and how much of it is there is told on the way", async () => {
  const pieces = ["one\n", "two and three\n"].map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  vi.stubGlobal("fetch", async () => new Response(body, { headers: { "content-type": "text/csv" } }));
  const kept: Blob[] = [];
  URL.createObjectURL = (blob) => `blob:${kept.push(blob as Blob)}`;
  const told: number[] = [];
  await download("/v3/annotations/export", "p", "file.csv", (bytes) => told.push(bytes));
  expect(told).toEqual([4, 18]);
  expect(await kept[0]?.text()).toBe("one\ntwo and three\n");
  expect(kept[0]?.type).toBe("text/csv");
});
