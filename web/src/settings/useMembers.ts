import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { settingsApi } from "../api";
import { useHere } from "../app/project";

/** The members of the project, and their names by id. */
export function useMembers() {
  const { project, me } = useHere();
  const query = useQuery({
    queryKey: [project.key, "members"],
    queryFn: async () => (await settingsApi(project.project_id).members()).data,
    staleTime: 60_000,
  });
  const names = useMemo(() => new Map(query.data?.map(({ id, display_name }) => [id, display_name])), [query.data]);
  /** A name for an id: one's own, a member's, else the id itself. */
  const nameOf = (id: string) => (id === me.member?.id ? "you" : (names.get(id) ?? `${id.slice(0, 10)}…`));
  return { query, nameOf };
}
