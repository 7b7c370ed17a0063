import { useEffect, useState } from "react";
import { useThrottled } from "../app/useLive";
import { useNewTraces, type useTraces } from "./useTraces";

/**
 * The traces that arrived since the list was read. They come in by themselves while the list is at its top and nobody
 * points into it; else they wait for a click, so that nothing moves that somebody reads.
 */
export function useArrivals(
  body: ReturnType<typeof useTraces>["body"],
  shown: number | undefined,
  follows: boolean,
  alone: boolean,
  refresh: () => void,
): { fresh: number; onCalm: (calm: boolean) => void } {
  const [calm, onCalm] = useState(true);
  const fresh = useNewTraces(body, shown, follows);
  const show = useThrottled(refresh, 2000);
  const comesIn = fresh > 0 && calm && alone;
  useEffect(() => {
    if (comesIn) show();
  }, [comesIn, show]);
  return { fresh: comesIn ? 0 : fresh, onCalm };
}
