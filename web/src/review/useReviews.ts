import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useHere } from "../app/project";

/** The human reviews of the project, in their order. */
export function useReviews() {
  const { api, project } = useHere();
  const query = useQuery({
    queryKey: [project.key, "human-reviews"],
    queryFn: () => api.humanReviews(),
    staleTime: 60_000,
  });
  const list = useMemo(
    () => [...(query.data ?? [])].sort((a, b) => (a.position ?? 0) - (b.position ?? 0)),
    [query.data],
  );
  const byKey = useMemo(() => new Map(list.map((review) => [review.key, review])), [list]);
  return { query, list, byKey, active: useMemo(() => list.filter((review) => !review.archived), [list]) };
}
