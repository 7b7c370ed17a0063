import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useQueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { type Datapoint, datasetsApi } from "../api/datasets";
import type { List } from "../api/types";
import { useHere } from "../app/project";

/** The calls about datasets of the project that is shown, and what they answer as it is remembered. */
export function useDatasets() {
  const { project } = useHere();
  const client = useQueryClient();
  return useMemo(() => {
    const api = datasetsApi(project.project_id);
    const { key } = project;
    return {
      api,
      project: key,
      list: (search: string) =>
        infiniteQueryOptions({
          queryKey: [key, "datasets", search],
          queryFn: ({ pageParam }) => api.list(search, pageParam),
          initialPageParam: "",
          getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?._id : undefined),
          placeholderData: keepPreviousData,
          staleTime: 5000,
        }),
      one: (id: string) =>
        queryOptions({ queryKey: [key, "dataset", id], queryFn: () => api.get(id), staleTime: 5000 }),
      datapoints: (id: string) =>
        infiniteQueryOptions({
          queryKey: [key, "datapoints", id],
          queryFn: ({ pageParam }) => api.datapoints(id, pageParam),
          initialPageParam: "",
          getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?._id : undefined),
          staleTime: 5000,
        }),
      snapshots: (id: string) =>
        queryOptions({ queryKey: [key, "snapshots", id], queryFn: () => api.snapshots(id), staleTime: 5000 }),
      duplicates: (id: string) =>
        queryOptions({ queryKey: [key, "duplicates", id], queryFn: () => api.duplicates(id), staleTime: 0 }),
      datapoint: (dataset: string, id: string) =>
        queryOptions({
          queryKey: [key, "datapoint", dataset, id],
          queryFn: () => api.datapoint(dataset, id),
          staleTime: 5000,
        }),
      /** A datapoint is as the server told last. */
      stored: (datapoint: Datapoint) => {
        client.setQueryData([key, "datapoint", datapoint.dataset_id, datapoint._id], datapoint);
        client.setQueryData<InfiniteData<List<Datapoint>>>([key, "datapoints", datapoint.dataset_id], (known) =>
          known
            ? {
                ...known,
                pages: known.pages.map((page) => ({
                  ...page,
                  data: page.data.map((one) => (one._id === datapoint._id ? datapoint : one)),
                })),
              }
            : known,
        );
      },
      /** Something of a dataset is not as it was. */
      changed: (dataset?: string) => {
        void client.invalidateQueries({ queryKey: [key, "datasets"] });
        if (dataset === undefined) return;
        for (const what of ["dataset", "datapoints", "snapshots", "duplicates", "diff"])
          void client.invalidateQueries({ queryKey: [key, what, dataset] });
      },
    };
  }, [project, client]);
}
