import type { QueryClient } from "@tanstack/react-query";
import { type ProjectApi, projectApi } from "../api";
import type { List, Me, TraceSearch, TraceSummary } from "../api/types";
import { projectOf } from "../app/me";
import { windowOf } from "./search";

const PAGE = 100;
/** An answer of this age, in milliseconds, is no longer that of the page that is being opened. */
const OLD = 10_000;
/** How long the first drawing waits for rows, so that they are drawn at once with what is around them. */
const PATIENCE = 150;

interface First {
  at: number;
  body: TraceSearch;
  /** Taken by the first who reads the list. */
  answer: Promise<List<TraceSummary>> | undefined;
}

let first: First | undefined;

/** Asks for the newest traces of a project before the app has started, as soon as it is known who asks. */
export function askForFirst(me: Promise<Me>, name: string): void {
  const at = Date.now();
  const body = windowOf({}, at);
  const answer = me.then((someone) => {
    const project = projectOf(someone, name);
    // Whoever only reviews is led to the queues instead.
    if (!project?.permissions.some((one) => one === "read" || one === "admin")) throw new Error("no traces to read");
    return projectApi(project.project_id).searchTraces({ ...body, limit: PAGE });
  });
  // Whoever takes it hears of what went wrong.
  answer.catch(() => {});
  first = { at, body, answer };
}

const recent = (): First | undefined => (first && Date.now() - first.at < OLD ? first : undefined);

/** The moment up to which traces are listed when a page opens. */
export const firstMoment = (): number => recent()?.at ?? Date.now();

/** A list of traces, page by page. */
export const listQuery = (api: ProjectApi, project: string, body: TraceSearch) => ({
  queryKey: [project, "traces", body],
  queryFn: ({ pageParam, signal }: { pageParam: string; signal: AbortSignal }) => {
    const asked = pageParam === "" ? recent() : undefined;
    if (asked?.answer && JSON.stringify(asked.body) === JSON.stringify(body)) {
      const { answer } = asked;
      asked.answer = undefined;
      return answer;
    }
    return api.searchTraces({ ...body, limit: PAGE, ...(pageParam ? { page_token: pageParam } : {}) }, signal);
  },
  initialPageParam: "",
  getNextPageParam: (page: List<TraceSummary>) => (page.has_more ? page.next_page_token : undefined),
  staleTime: 60_000,
});

/** Waits a moment for the traces that were asked for before the app started. */
export async function awaitFirst(queries: QueryClient, me: Me, name: string): Promise<void> {
  const asked = recent();
  const project = projectOf(me, name);
  if (!asked || !project) return;
  const listed = queries.prefetchInfiniteQuery(listQuery(projectApi(project.project_id), project.key, asked.body));
  await Promise.race([listed, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
}
