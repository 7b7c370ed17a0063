import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TraceSummary } from "../api/types";
import { useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { compile, parse } from "./filterText";
import { firstMoment, listQuery } from "./first";
import { sortOf, type TraceSearchParams, type Window, windowOf } from "./search";

/** The fields and human reviews that traces can be filtered by. */
export function useFields() {
  const { api, project } = useHere();
  const fields = useQuery({
    queryKey: [project.key, "fields"],
    queryFn: async () => (await api.traceFields()).data,
    staleTime: 300_000,
  });
  const filters = useQuery({
    queryKey: [project.key, "filters"],
    queryFn: () => api.traceFilters(),
    staleTime: 60_000,
  });
  return useMemo(() => {
    const list = fields.data ?? [];
    const reviews = (filters.data?.annotations ?? []).flatMap(({ key, id, ...rest }) =>
      key || id ? [{ key: key ?? id ?? "", ...rest }] : [],
    );
    const metadata = filters.data?.metadata ?? [];
    const names = new Set(list.flatMap((field) => [field.name, ...(field.aliases ?? [])]));
    const ready = !fields.isPending && !filters.isPending;
    return { list, reviews, metadata, names, keys: new Set(reviews.map(({ key }) => key)), ready };
  }, [fields.data, filters.data, fields.isPending, filters.isPending]);
}

export type Fields = ReturnType<typeof useFields>;

/** The traces that the address asks for, page by page, and how to look again. */
export function useTraces(search: TraceSearchParams) {
  const { api, project } = useHere();
  const { names, keys, ready } = useFields();
  // The window stands still while somebody reads; looking again moves it.
  const [now, setNow] = useState(firstMoment);
  const { from, to, range } = search;
  const window = useMemo(
    () => windowOf({ ...(from ? { from } : {}), ...(to ? { to } : {}), ...(range ? { range } : {}) }, now),
    [from, to, range, now],
  );
  const { filters, query } = useMemo(() => compile(parse(search.q ?? ""), names, keys), [search.q, names, keys]);
  // A name may be that of a human review; words and no filter at all need not wait to know.
  const known = filters.length === 0 || ready;
  const body = useMemo(() => {
    const sort = sortOf(search.sort);
    return {
      ...window,
      ...(filters.length > 0 ? { filters } : {}),
      ...(query ? { query } : {}),
      ...(sort ? { sort } : {}),
    };
  }, [window, filters, query, search.sort]);
  const list = useInfiniteQuery({
    ...listQuery(api, project.key, body),
    placeholderData: keepPreviousData,
    enabled: known,
  });
  const rows = useMemo<TraceSummary[]>(() => list.data?.pages.flatMap((page) => page.data) ?? [], [list.data]);
  const fixed = Boolean(search.from && search.to);
  return { list, rows, body, known, window, fixed, refresh: () => setNow(Date.now()) };
}

/** How many traces there are more than the screen says; asked for when something happened. Late ones count too. */
export function useNewTraces(
  body: ReturnType<typeof useTraces>["body"],
  shown: number | undefined,
  when: boolean,
): number {
  const { api, project } = useHere();
  const { sort: _, ...rest } = body;
  const fresh = useQuery({
    queryKey: [project.key, "new-traces", rest],
    queryFn: async () => {
      const to = new Date(Date.now() + 60_000).toISOString();
      return (await api.aggregateTraces({ ...rest, to })).data[0]?.metrics.count ?? 0;
    },
    enabled: when && shown !== undefined,
    staleTime: 0,
  });
  const { refetch } = fresh;
  const ask = useThrottled(() => void refetch(), 1000);
  useLive(({ counts }) => {
    if (when && (counts["trace.created"] || counts["trace.updated"])) ask();
  });
  return Math.max(0, (fresh.data ?? 0) - (shown ?? 0));
}

export interface Bucket {
  at: number;
  count: number;
  errors: number;
}

const LENGTHS = { "time:minute": 60_000, "time:hour": 3_600_000, "time:day": 86_400_000 } as const;

export function grain({ from, to }: Window): keyof typeof LENGTHS {
  const span = Date.parse(to) - Date.parse(from);
  if (span <= 3 * 3_600_000) return "time:minute";
  return span <= 8 * 86_400_000 ? "time:hour" : "time:day";
}

/** Counts by time with the empty times in between, so that the picture is true. */
export function fill(
  rows: { group: Record<string, string>; metrics: Record<string, number> }[],
  window: Window,
): Bucket[] {
  const name = grain(window);
  const length = LENGTHS[name];
  const found = new Map<number, Bucket>();
  for (const { group, metrics } of rows) {
    const at = Date.parse(group[name] ?? "");
    if (Number.isNaN(at)) continue;
    const bucket = found.get(at) ?? { at, count: 0, errors: 0 };
    bucket.count += metrics.count ?? 0;
    if (group.status === "error") bucket.errors += metrics.count ?? 0;
    found.set(at, bucket);
  }
  const times = [...found.keys()];
  const all = Date.parse(window.from) === 0;
  const first = all ? Math.min(...times) : Math.floor(Date.parse(window.from) / length) * length;
  const last =
    Math.floor(Math.min(Date.parse(window.to), all ? Math.max(...times) : Number.MAX_SAFE_INTEGER) / length) * length;
  if (times.length === 0 || !Number.isFinite(first) || (last - first) / length > 2000)
    return [...found.values()].sort((a, b) => a.at - b.at);
  const buckets: Bucket[] = [];
  for (let at = first; at <= last; at += length) buckets.push(found.get(at) ?? { at, count: 0, errors: 0 });
  return buckets;
}

export const bucketLength = (window: Window): number => LENGTHS[grain(window)];

export function useHistogram(body: ReturnType<typeof useTraces>["body"], when: boolean) {
  const { api, project } = useHere();
  const { sort: _, ...rest } = body;
  return useQuery({
    queryKey: [project.key, "histogram", rest],
    queryFn: async () => {
      const group_by = [grain(rest), "status"];
      const { data } = await api.aggregateTraces({ ...rest, group_by, limit: 1000 });
      return fill(data, rest);
    },
    enabled: when,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}
