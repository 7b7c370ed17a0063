import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useStep } from "./useStep";

it("two steps before the page shows the first are two steps", () => {
  const went: number[] = [];
  const { result, rerender } = renderHook(({ at }) => useStep(at, 4, (to) => went.push(to)), {
    initialProps: { at: 0 },
  });
  act(() => {
    result.current(1);
    result.current(1);
  });
  expect(went).toEqual([1, 2]);
  // The page shows one after the other.
  rerender({ at: 1 });
  act(() => result.current(1));
  expect(went).toEqual([1, 2, 3]);
  rerender({ at: 3 });
  act(() => result.current(1));
  act(() => result.current(-1));
  expect(went).toEqual([1, 2, 3, 3, 2]);
});
