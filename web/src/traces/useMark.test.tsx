import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import type { TraceSummary } from "../api/types";
import { useMark, useOnce } from "./useMark";

const rows = (...ids: string[]) => ids.map((trace_id) => ({ trace_id }) as TraceSummary);

function marked(first: TraceSummary[]) {
  const hook = renderHook(({ list, settled }) => useMark(list, settled), {
    initialProps: { list: first, settled: true },
  });
  return { ...hook, at: () => hook.result.current[0] };
}

it("stays on its trace when others come in above", () => {
  const { result, rerender, at } = marked(rows("a", "b"));
  expect(at()).toBe(-1);
  act(() => result.current[1](1));
  rerender({ list: rows("new", "a", "b"), settled: true });
  expect(at()).toBe(2);
});

it("goes to the first row when its trace is no longer listed, and not before the new list is there", () => {
  const { result, rerender, at } = marked(rows("a", "b"));
  act(() => result.current[1](1));
  rerender({ list: rows("a", "b"), settled: false });
  expect(at()).toBe(1);
  rerender({ list: rows("c", "d"), settled: true });
  expect(at()).toBe(0);
  rerender({ list: rows(), settled: true });
  expect(at()).toBe(-1);
});

it("waits for the list with what was asked while it was read, and does it once", () => {
  let done = 0;
  const { result, rerender } = renderHook(({ ready }) => useOnce(ready, () => done++), {
    initialProps: { ready: false },
  });
  act(() => result.current());
  expect(done).toBe(0);
  rerender({ ready: true });
  expect(done).toBe(1);
  rerender({ ready: false });
  rerender({ ready: true });
  expect(done).toBe(1);
  act(() => result.current());
  expect(done).toBe(2);
});
