import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import type { TraceSummary } from "../api/types";
import { useHere } from "../app/project";
import { prefetchTrace } from "../trace/queries";

/** A pointer that only passes over a row asks for nothing, in milliseconds. */
const PASSING = 60;

/** Reads what the trace somebody points at, or comes to next, shows when it is opened. */
export function useNear(): (trace: TraceSummary) => void {
  const { api, project } = useHere();
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (trace) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => prefetchTrace(queries, { api, project }, trace), PASSING);
    },
    [queries, api, project],
  );
}
