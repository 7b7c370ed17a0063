import { useQuery } from "@tanstack/react-query";
import { asApiError } from "../api/error";
import type { HumanReview, ReviewVersion } from "../api/types";
import { useHere } from "../app/project";
import { useMembers } from "../settings/useMembers";
import { ErrorLine, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { whatChanged } from "./changes";

/** What the human review said before, newest first, and what each version changed. */
export function Versions({ review }: { review: HumanReview }) {
  const { api, project } = useHere();
  const { nameOf } = useMembers();
  const query = useQuery({
    queryKey: [project.key, "versions", review.id, review.version],
    queryFn: async () => (await api.humanReviewVersions(review.id)).data,
  });
  const changes = (version: ReviewVersion, before: ReviewVersion | undefined): string => {
    if (!before) return "first version";
    return whatChanged(before, version).join(" · ") || "nothing that is asked";
  };
  return (
    <section aria-label="Versions" className="mt-10 border-t pt-5">
      <h2 className="text-base font-semibold">Versions</h2>
      <p className="mb-3 text-sm text-ink-2">Every value keeps the version it was given under.</p>
      {query.isPending ? (
        <Skeleton lines={2} className="px-0" />
      ) : query.error ? (
        <ErrorLine error={asApiError(query.error)} />
      ) : (
        <ol className="flex flex-col">
          {query.data.map((version, at) => (
            <li key={version.version} className="flex gap-3 border-t py-2 text-sm first:border-t-0">
              <span className="num w-8 shrink-0 font-medium text-ink-2">v{version.version}</span>
              <span className="min-w-0 flex-1">
                <span className="block break-words">{changes(version, query.data[at + 1])}</span>
                <span className="text-xs text-ink-3">
                  by {nameOf(version.created_by_id)}, <Time iso={version.created} />
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
