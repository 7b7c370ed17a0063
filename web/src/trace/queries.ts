import type { QueryClient } from "@tanstack/react-query";
import type { ProjectApi } from "../api";
import type { Project, TraceSummary } from "../api/types";

interface Place {
  api: ProjectApi;
  project: Project;
}

const FRESH = 30_000;

/** A trace, and the spans of other traces that report calls of it. */
export const traceQuery = ({ api, project }: Place, id: string) => ({
  queryKey: [project.key, "trace", id],
  queryFn: () => api.trace(id),
  staleTime: FRESH,
});

export const spansQuery = ({ api, project }: Place, id: string) => ({
  queryKey: [project.key, "spans", id],
  queryFn: async () => (await api.spans(id)).data,
  staleTime: FRESH,
});

export const spanQuery = ({ api, project }: Place, trace: string, span: string) => ({
  queryKey: [project.key, "span", trace, span],
  queryFn: async () => (await api.span(trace, span)).span,
  staleTime: FRESH,
});

/** Reads what opening a trace shows, but for what is said of it, which must be new, before it is opened. What cannot be read now is read, and said, when it is. */
export function prefetchTrace(queries: QueryClient, place: Place, trace: TraceSummary): void {
  const { trace_id: id, leading_span_id: span } = trace;
  void queries.prefetchQuery(traceQuery(place, id));
  void queries.prefetchQuery(spansQuery(place, id));
  if (span) void queries.prefetchQuery(spanQuery(place, id, span));
}
