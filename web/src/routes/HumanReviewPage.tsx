import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { asApiError } from "../api/error";
import type { HumanReview } from "../api/types";
import { may, useHere } from "../app/project";
import { touched } from "../human-reviews/changes";
import { inputOf, problems } from "../human-reviews/draft";
import { Preview } from "../human-reviews/Preview";
import { ReviewForm } from "../human-reviews/ReviewForm";
import { useDraft } from "../human-reviews/useDraft";
import { Versions } from "../human-reviews/Versions";
import { useReviews } from "../review/useReviews";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { asInput } from "./HumanReviewsPage";

const route = getRouteApi("/inside/p/$project/settings/human-reviews/$review");

/** Settings: one human review, made or changed. */
export function HumanReviewPage() {
  const { review: id } = route.useParams();
  const { query, list } = useReviews();
  if (query.isPending) return <Skeleton lines={6} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  const review = list.find((one) => one.id === id);
  if (!review && id !== "new")
    return <ErrorPanel error={{ status: 404, message: "There is no such human review in this project." }} />;
  return <Editor key={`${id} ${review?.version ?? 0}`} review={review} />;
}

function Editor({ review }: { review: HumanReview | undefined }) {
  const here = useHere();
  const { api, project } = here;
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const { draft, put, forget, discard, kept } = useDraft(project.key, review);
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState<"save" | "archive" | null>(null);
  const { busy, error, run } = useWork();
  const usage = useQuery({
    queryKey: [project.key, "usage", review?.id],
    queryFn: () => api.humanReviewUsage(review?.id ?? ""),
    enabled: review !== undefined,
    // What is said before a change must be true.
    staleTime: 0,
    retry: false,
  });
  const used = new Map(usage.data?.options?.map(({ value, count }) => [value, count]));
  const total = usage.data?.total ?? 0;
  const input = inputOf(draft);
  const effects = review ? touched(review, input, used, total) : [];
  const finish = async (work: Promise<unknown>, said: string) => {
    await work;
    forget();
    await client.invalidateQueries({ queryKey: [project.key, "human-reviews"] });
    toast(said);
    void navigate({ to: "/p/$project/settings/human-reviews", params: { project: project.key } });
  };
  const save = () =>
    review
      ? finish(api.updateHumanReview(review.id, { ...input, position: review.position ?? 0 }), "Saved")
      : finish(api.createHumanReview(input), `${input.display_name} is now asked`);
  const archive = (archived: boolean) =>
    finish(
      review ? api.updateHumanReview(review.id, { ...asInput(review), archived }) : Promise.resolve(),
      archived ? `${review?.display_name} is archived. Its answers stay.` : `${review?.display_name} is asked again`,
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems(draft)).length > 0) return;
    if (effects.length > 0) setAsking("save");
    else void run(save);
  };
  const defines = may(here, "define");
  return (
    <div className="max-w-[1120px] px-4 py-6 lg:px-8">
      <Link
        to="/p/$project/settings/human-reviews"
        params={{ project: project.key }}
        className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink"
      >
        <ArrowLeft size={14} aria-hidden /> Human reviews
      </Link>
      <h1 className="mb-5 text-lg font-semibold break-words">{review ? review.display_name : "New human review"}</h1>
      {kept && (
        <div
          role="status"
          className="mb-5 flex flex-wrap items-center gap-3 rounded-[6px] bg-warn-soft px-3 py-2 text-sm"
        >
          <span className="min-w-0 flex-1 text-warn">
            {kept.outdated
              ? "What you wrote earlier is here, but the human review was changed since: saving replaces that."
              : "What you wrote earlier is here; it is not saved yet."}
          </span>
          <Button small onClick={discard}>
            Discard it
          </Button>
        </div>
      )}
      {!defines && <p className="mb-5 text-sm text-ink-2">You may read this. A developer or an admin can change it.</p>}
      <div className="grid gap-8 xl:grid-cols-[minmax(0,1fr)_340px]">
        <div className="min-w-0">
          <form onSubmit={submit} noValidate>
            <fieldset disabled={!defines}>
              <ReviewForm
                draft={draft}
                act={put}
                wrong={tried ? problems(draft) : {}}
                used={used}
                total={total}
                isNew={review === undefined}
              />
              {effects.map((effect) => (
                <p key={effect} role="status" className="mb-2 rounded-[6px] bg-warn-soft px-3 py-2 text-sm text-warn">
                  {effect}
                </p>
              ))}
              {error && (
                <div className="mb-4">
                  <ErrorLine error={error} />
                </div>
              )}
              <div className="flex gap-2 border-t pt-4">
                <Button look="primary" type="submit" disabled={busy}>
                  {review ? "Save" : "Create"}
                </Button>
                <span className="flex-1" />
                {review && !review.archived && (
                  <Button look="danger" disabled={busy} onClick={() => setAsking("archive")}>
                    Archive
                  </Button>
                )}
                {review?.archived && (
                  <Button disabled={busy} onClick={() => void run(() => archive(false))}>
                    Bring back
                  </Button>
                )}
              </div>
            </fieldset>
          </form>
          {review && <Versions review={review} />}
        </div>
        <aside aria-label="Preview" className="xl:sticky xl:top-6 xl:self-start max-xl:row-start-2">
          <h2 className="mb-2 text-sm font-medium">As reviewers see it</h2>
          <Preview review={input} />
        </aside>
      </div>
      <Confirm
        open={asking === "save"}
        onClose={() => setAsking(null)}
        title="This change touches what was said"
        action="Save it anyway"
        run={save}
      >
        {effects.map((effect) => (
          <p key={effect}>{effect}</p>
        ))}
        <p>Stored values stay as they are, under the version they were given.</p>
      </Confirm>
      <Confirm
        open={asking === "archive"}
        onClose={() => setAsking(null)}
        title={`Archive ${review?.display_name ?? ""}?`}
        action="Archive"
        run={() => archive(true)}
      >
        <p>Nobody is asked it any more. You can bring it back.</p>
        <p>{total === 0 ? "It has no values." : `Its ${total} ${total === 1 ? "value stays" : "values stay"}.`}</p>
      </Confirm>
    </div>
  );
}
