import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { Annotation, AnswerValue, HumanReview, List } from "../api/types";
import { useHere } from "../app/project";
import { toast } from "../ui/Toast";
import { type Change, remember, same, type Undo } from "./answers";
import { sayValue } from "./sentiment";

/** How the last change of an answer stands. */
export type Saving = { state: "saving" | "saved" } | { state: "failed"; error: ApiError };

/** Shared by every span, so that undo reaches back to the spans before. */
let undo: Undo = [];

/** How many saves are on their way: what is stored is read back when the last has arrived. */
let underway = 0;

/** Saves to one span go out one after the other, so that the last click wins. */
const queues = new Map<string, Promise<unknown>>();

function inOrder<T>(key: string, work: () => Promise<T>): Promise<T> {
  const after = (queues.get(key) ?? Promise.resolve()).then(work, work);
  queues.set(key, after);
  return after;
}

/** What people said of a span, and how to say something. */
export function useAnswers(traceId: string, spanId: string) {
  const { api, me, project } = useHere();
  const client = useQueryClient();
  const myId = me.member?.id ?? me.key?.id ?? "";
  const key = useMemo(() => [project.key, "annotations", traceId, spanId], [project.key, traceId, spanId]);
  const query = useQuery({
    queryKey: key,
    queryFn: async () => (await api.annotations(traceId, spanId)).data,
    staleTime: 5000,
  });
  const [saving, setSaving] = useState<Record<string, Saving>>({});
  const mark = useCallback((id: string, to: Saving) => setSaving((before) => ({ ...before, [id]: to })), []);

  const isMine = useCallback((one: Annotation) => one.annotator.id === myId && one.annotator.kind === "human", [myId]);

  const put = useCallback(
    async ({ traceId: trace, spanId: span, review, after }: Change) => {
      const cached = [project.key, "annotations", trace, span];
      await client.cancelQueries({ queryKey: cached });
      const before = client.getQueryData<Annotation[]>(cached);
      client.setQueryData<Annotation[]>(cached, (list) => {
        const others = (list ?? []).filter((one) => !(one.key === review.key && isMine(one)));
        if (after === undefined) return others;
        const now = new Date().toISOString();
        return [
          ...others,
          {
            id: `mine ${review.key}`,
            key: review.key,
            value: after,
            annotator: { kind: "human", id: myId },
            source: "orq",
            created_at: now,
            updated_at: now,
          },
        ];
      });
      underway += 1;
      try {
        await inOrder(`${span} ${review.key}`, () =>
          after === undefined
            ? api.removeAnnotation(trace, span, review.key, myId)
            : api.annotate(trace, span, review.key, after),
        );
      } catch (cause) {
        client.setQueryData(cached, before);
        throw cause;
      } finally {
        underway -= 1;
      }
      // With the ids that the history goes by, and what others said meanwhile.
      if (underway === 0) void client.invalidateQueries({ queryKey: cached });
      void client.invalidateQueries({ queryKey: [project.key, "trace", trace] });
      refreshRows(client, project.key, trace, span, review.key, after);
    },
    [api, client, isMine, myId, project.key],
  );

  const save = useCallback(
    async (review: HumanReview, after: AnswerValue | undefined, typing = false): Promise<boolean> => {
      const before = client
        .getQueryData<Annotation[]>(key)
        ?.find((one) => one.key === review.key && isMine(one))?.value;
      if (same(before, after)) return true;
      const change: Change = {
        traceId,
        spanId,
        review: { key: review.key, display_name: review.display_name },
        before,
        after,
      };
      mark(review.key, { state: "saving" });
      try {
        await put(change);
        undo = remember(undo, change, typing);
        mark(review.key, { state: "saved" });
        return true;
      } catch (cause) {
        mark(review.key, { state: "failed", error: asApiError(cause) });
        return false;
      }
    },
    [client, key, isMine, mark, put, spanId, traceId],
  );

  const takeBack = useCallback(async () => {
    const last = undo.at(-1);
    if (!last) {
      toast("There is nothing to undo.");
      return;
    }
    undo = undo.slice(0, -1);
    try {
      await put({ ...last, after: last.before, before: last.after });
      if (last.spanId === spanId) mark(last.review.key, { state: "saved" });
      const said = last.before === undefined ? "no answer" : sayValue(undefined, last.before);
      toast(`Undone: ${last.review.display_name} is back to ${said.slice(0, 60)}`);
    } catch (cause) {
      undo = [...undo, last];
      toast(asApiError(cause).message, { bad: true });
    }
  }, [mark, put, spanId]);

  return { query, saving, save, takeBack, isMine };
}

/** Brings what was just said into the lists that are on the screen, without reading them again. */
function refreshRows(
  client: ReturnType<typeof useQueryClient>,
  project: string,
  trace: string,
  span: string,
  key: string,
  value: AnswerValue | undefined,
) {
  type Pages = {
    pages: List<{
      trace_id: string;
      annotations?: { key: string; value: AnswerValue; span_id: string; annotator_kind: string }[];
    }>[];
  };
  client.setQueriesData<Pages>({ queryKey: [project, "traces"] }, (data) => {
    if (!data?.pages) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      data: page.data.map((row) => {
        if (row.trace_id !== trace) return row;
        const others = (row.annotations ?? []).filter(
          (one) => !(one.key === key && one.span_id === span && one.annotator_kind === "human"),
        );
        return {
          ...row,
          annotations:
            value === undefined ? others : [...others, { key, value, span_id: span, annotator_kind: "human" }],
        };
      }),
    }));
    return { ...data, pages };
  });
}
