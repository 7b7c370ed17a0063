import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Automation } from "../api/automations";
import { useHere } from "../app/project";
import type { Fields } from "../traces/useTraces";
import { choiceOf, type Draft } from "./draft";
import { useAutomations } from "./queries";

const PAUSE = 400;

/** A value once it has not changed for a while. */
function useCalm<T>(value: T, ms: number): T {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return calm;
}

/** What the automation would do, asked for while it is written; an older question is given up. */
export function useDryRun(draft: Draft, automation: Automation | undefined, fields: Fields, days: number) {
  const { project } = useHere();
  const { api } = useAutomations();
  const choice = fields.ready ? choiceOf(draft, fields, automation) : undefined;
  const text = choice && JSON.stringify({ ...choice, days, limit: 20, automation_id: automation?.id });
  const asked = useCalm(text, PAUSE);
  const query = useQuery({
    queryKey: [project.key, "dry-run", asked],
    queryFn: ({ signal }) => api.dryRun(JSON.parse(asked ?? "{}"), signal),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  });
  return {
    query,
    /** Something is wrong with what would be asked. */
    waits: fields.ready && text === undefined,
    /** What is shown is not the answer to what is written. */
    old: text !== asked || query.isPlaceholderData || query.isFetching,
  };
}

export type DryRunState = ReturnType<typeof useDryRun>;
