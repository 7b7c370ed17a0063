import type { ProjectApi } from "../api";
import type { TraceSearch } from "../api/types";

/** A trace where a span is asked for: the one whose answer the trace shows. */
export const asSource = (trace_id: string) => ({ trace_id });

/** All traces that match, where they are few enough to be named. */
export async function matchingTraces(api: ProjectApi, body: TraceSearch): Promise<{ trace_id: string }[]> {
  const found: { trace_id: string }[] = [];
  let page: string | undefined;
  do {
    const { data, next_page_token } = await api.searchTraces({
      ...body,
      limit: 100,
      ...(page ? { page_token: page } : {}),
    });
    found.push(...data.map(({ trace_id }) => asSource(trace_id)));
    page = next_page_token;
  } while (page);
  return found;
}
