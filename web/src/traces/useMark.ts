import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { TraceSummary } from "../api/types";

/**
 * The row that the keys are on: by id, so that it stays when others come in above. When it is no longer listed, because
 * a filter was added, the keys are on the first row.
 */
export function useMark(rows: TraceSummary[], settled: boolean): [number, (index: number) => void] {
  const [id, setId] = useState<string>();
  const found = useMemo(() => rows.findIndex((trace) => trace.trace_id === id), [rows, id]);
  const setMarked = useCallback((index: number) => setId(rows[index]?.trace_id), [rows]);
  const gone = settled && id !== undefined && found < 0 && rows.length > 0;
  return [gone ? 0 : found, setMarked];
}

/** Does something at once, or as soon as what it acts on is there. */
export function useOnce(ready: boolean, run: () => void): () => void {
  const [asked, setAsked] = useState(false);
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!ready || !asked) return;
    setAsked(false);
    latest.current();
  }, [ready, asked]);
  return () => (ready ? latest.current() : setAsked(true));
}
