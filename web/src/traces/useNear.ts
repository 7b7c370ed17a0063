import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import type { TraceSummary } from "../api/types";
import { useHere } from "../app/project";
import { prefetchTrace } from "../trace/queries";

/** A pointer that only passes over a row asks for nothing, in milliseconds. */
const PASSING = 60;

/** Reads what a trace shows: soon, when somebody points at it or comes to it next; `now`, when they are opening it. */
export function useNear(): (trace: TraceSummary, now?: boolean) => void {
  const { api, project } = useHere();
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (trace, now = false) => {
      clearTimeout(timer.current);
      const read = () => prefetchTrace(queries, { api, project }, trace);
      if (now) read();
      else timer.current = setTimeout(read, PASSING);
    },
    [queries, api, project],
  );
}
