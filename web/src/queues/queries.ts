import type { QueuesApi } from "../api/queues";

export const queueListQuery = (api: QueuesApi, project: string) => ({
  queryKey: [project, "queues"],
  queryFn: async () => (await api.list()).data,
  staleTime: 5000,
});

export const queueQuery = (api: QueuesApi, project: string, id: string) => ({
  queryKey: [project, "queue", id],
  queryFn: () => api.get(id),
  staleTime: 5000,
});
