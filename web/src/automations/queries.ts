import { infiniteQueryOptions, keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { settingsApi } from "../api";
import { type Action, type ActionType, type Automation, automationsApi, type Outcome } from "../api/automations";
import { asApiError } from "../api/error";
import { may, useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { useDatasets } from "../datasets/queries";
import { queueListQuery } from "../queues/queries";
import { useQueuesApi } from "../queues/useDesk";

/** The calls about automations of the project that is shown, and what they answer as it is remembered. */
export function useAutomations() {
  const { project } = useHere();
  const client = useQueryClient();
  return useMemo(() => {
    const api = automationsApi(project.project_id);
    const { key } = project;
    return {
      api,
      project: key,
      list: (search: string) =>
        infiniteQueryOptions({
          queryKey: [key, "automations", search],
          queryFn: ({ pageParam }) => api.list(search, pageParam),
          initialPageParam: "",
          getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?.id : undefined),
          placeholderData: keepPreviousData,
          staleTime: 2000,
        }),
      one: (id: string) =>
        queryOptions({ queryKey: [key, "automation", id], queryFn: () => api.get(id), staleTime: 2000 }),
      runs: (id: string, outcome: Outcome | undefined) =>
        infiniteQueryOptions({
          queryKey: [key, "automation", id, "runs", outcome],
          queryFn: ({ pageParam }) => api.runs(id, outcome, pageParam),
          initialPageParam: "",
          getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?.id : undefined),
          placeholderData: keepPreviousData,
          staleTime: 2000,
        }),
      /** An automation is as the server told last. */
      stored: (automation: Automation) => {
        client.setQueryData([key, "automation", automation.id], automation);
        void client.invalidateQueries({ queryKey: [key, "automations"] });
      },
      changed: (id?: string) => {
        void client.invalidateQueries({ queryKey: [key, "automations"] });
        if (id) void client.invalidateQueries({ queryKey: [key, "automation", id] });
      },
    };
  }, [project, client]);
}

/** Looks again when an automation changed or acted. */
export function useAutomationsLive(again: () => void): void {
  const soon = useThrottled(again, 2000);
  useLive(({ counts }) => {
    // What an automation does to traces is told of the traces first.
    if (Object.keys(counts).some((type) => type.startsWith("automation."))) soon();
  });
}

const NEVER_MORE = 10;

/** What these actions act on: queues, datasets, webhooks and members. Webhooks are only asked for where one is called. */
export function useTargets(actions: readonly { type: ActionType }[]) {
  const here = useHere();
  const { project } = here;
  const { api } = useAutomations();
  const datasetsOf = useDatasets();
  const queues = useQuery(queueListQuery(useQueuesApi(), project.key));
  const again = useThrottled(() => void queues.refetch(), 5000);
  useLive(({ counts }) => {
    if (counts["queue.updated"]) again();
  });
  const datasets = useQuery({
    // Beside those that are found by words.
    queryKey: [project.key, "datasets", "", "all"],
    queryFn: async () => {
      const found = [];
      let after: string | undefined;
      for (let page = 0; page < NEVER_MORE; page++) {
        const { data, has_more } = await datasetsOf.api.list("", after);
        found.push(...data);
        after = data.at(-1)?._id;
        if (!has_more) break;
      }
      return found;
    },
    staleTime: 10_000,
  });
  // Where they lead is known to whoever administers them.
  const mayCall = may(here, "admin");
  const webhooks = useQuery({
    queryKey: [project.key, "webhooks", "to call"],
    queryFn: async () => (await api.webhooks()).items,
    staleTime: 10_000,
    enabled: mayCall && actions.some(({ type }) => type === "call_webhook"),
    retry: (times, cause) => times < 2 && asApiError(cause).status >= 500,
  });
  const members = useQuery({
    queryKey: [project.key, "members"],
    queryFn: async () => (await settingsApi(project.project_id).members()).data,
    enabled: may(here, "define"),
    staleTime: 60_000,
  });
  return useMemo(() => {
    const lists = {
      add_to_queue: queues.data?.map(({ id, display_name: name }) => ({ id, name })),
      add_to_dataset: datasets.data?.map(({ _id: id, display_name: name }) => ({ id, name })),
      call_webhook: webhooks.data?.map(({ _id: id, display_name, enabled }) => ({
        id,
        name: enabled ? display_name : `${display_name} (switched off)`,
      })),
    };
    const failed = { add_to_queue: queues.error, add_to_dataset: datasets.error, call_webhook: webhooks.error };
    const people = (members.data ?? []).flatMap(({ id, display_name: name, role }) =>
      role === "viewer" ? [] : [{ id, name }],
    );
    /** The name of what an action acts on; `undefined` when it is gone, or not known yet. */
    const nameOf = (action: Action) => {
      const find = (type: keyof typeof lists, id: string) => {
        const list = lists[type];
        if (list) return list.find((one) => one.id === id)?.name;
        // Whoever may not see them sees that there is one.
        return failed[type] || (type === "call_webhook" && !mayCall) ? `a ${type.split("_").at(-1)}` : "…";
      };
      if (action.type === "add_to_queue") return find("add_to_queue", action.queue_id);
      if (action.type === "add_to_dataset") return find("add_to_dataset", action.dataset_id);
      if (action.type === "call_webhook") return find("call_webhook", action.webhook_id);
      return undefined;
    };
    return { lists, failed, mayCall, people, nameOf };
  }, [queues.data, queues.error, datasets.data, datasets.error, webhooks.data, webhooks.error, mayCall, members.data]);
}

export type Targets = ReturnType<typeof useTargets>;
