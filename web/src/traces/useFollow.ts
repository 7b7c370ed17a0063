import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { List, TraceSummary } from "../api/types";
import { useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";

/** More changed rows than this at once are read again with their list. */
const MOST = 20;

/** Keeps the rows of a list true: those that change are read again, in place. */
export function useFollowRows(rows: TraceSummary[]): void {
  const { api, project } = useHere();
  const queries = useQueryClient();
  const changed = useRef(new Set<string>());
  const read = useThrottled(async () => {
    const ids = [...changed.current];
    changed.current.clear();
    if (ids.length > MOST) {
      void queries.invalidateQueries({ queryKey: [project.key, "traces"] });
      return;
    }
    // One that cannot be read now stays as it is.
    const fresh = await Promise.all(ids.map((id) => api.trace(id).catch(() => undefined)));
    const byId = new Map(fresh.flatMap((one) => (one ? [[one.trace.trace_id, one.trace] as const] : [])));
    queries.setQueriesData<InfiniteData<List<TraceSummary>>>({ queryKey: [project.key, "traces"] }, (data) => {
      if (!data?.pages) return data;
      const pages = data.pages.map((page) => ({
        ...page,
        data: page.data.map((row) => byId.get(row.trace_id) ?? row),
      }));
      return { ...data, pages };
    });
  }, 1000);
  const reread = useThrottled(() => {
    for (const name of ["traces", "histogram"]) void queries.invalidateQueries({ queryKey: [project.key, name] });
  }, 1000);
  useLive(({ events }) => {
    const shown = new Set(rows.map(({ trace_id }) => trace_id));
    if (events.some(({ type, trace_id }) => type === "trace.deleted" && trace_id && shown.has(trace_id))) reread();
    for (const { type, trace_id } of events)
      if (trace_id && !["trace.created", "trace.deleted"].includes(type) && shown.has(trace_id))
        changed.current.add(trace_id);
    if (changed.current.size > 0) read();
  });
}

/** Keeps an open trace true: new spans, and what others say of it. */
export function useFollowTrace(id: string): void {
  const { project } = useHere();
  const queries = useQueryClient();
  const wanted = useRef(new Set<string>());
  const read = useThrottled(() => {
    for (const name of wanted.current) void queries.invalidateQueries({ queryKey: [project.key, name, id] });
    wanted.current.clear();
  }, 800);
  useLive(({ events }) => {
    for (const { type, trace_id } of events) {
      // What is deleted stays on the screen until it is left.
      if (trace_id !== id || type === "trace.deleted") continue;
      const names = type.startsWith("trace.") ? ["trace", "spans", "span"] : ["trace", "annotations"];
      for (const name of type.startsWith("evaluator_result.") ? ["span"] : names) wanted.current.add(name);
    }
    if (wanted.current.size > 0) read();
  });
}
