import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, GripVertical, Plus } from "lucide-react";
import { useRef, useState } from "react";
import { asApiError } from "../api/error";
import type { HumanReview } from "../api/types";
import { may, useHere } from "../app/project";
import { typeLabel } from "../human-reviews/draft";
import { ExportAnnotations } from "../human-reviews/ExportAnnotations";
import { SentimentMark } from "../review/sentiment";
import { useReviews } from "../review/useReviews";
import { Page } from "../settings/Page";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useReorder } from "../ui/useReorder";

/** A definition as it is sent back whole. */
export const asInput = ({ type, key, display_name, description, options, config, archived }: HumanReview) => ({
  type,
  key,
  display_name,
  description,
  ...(options ? { options } : {}),
  ...(config ? { config } : {}),
  ...(archived ? { archived } : {}),
});

function Shape({ review }: { review: HumanReview }) {
  if (review.options?.length) {
    return (
      <span className="flex flex-wrap gap-1">
        {review.options.slice(0, 6).map((option) => (
          <span
            key={option.value}
            className="inline-flex items-center gap-1 rounded-sm bg-well px-1.5 text-xs leading-5"
          >
            {option.sentiment !== "neutral" && <SentimentMark sentiment={option.sentiment} size={12} />}
            {option.label ?? option.value}
          </span>
        ))}
        {review.options.length > 6 && (
          <span className="text-xs leading-5 text-ink-3">+{review.options.length - 6}</span>
        )}
      </span>
    );
  }
  if (review.type === "range")
    return (
      <span className="num text-sm text-ink-2">
        {review.config?.min} to {review.config?.max}
      </span>
    );
  return null;
}

/** Settings: what people are asked. */
export function HumanReviewsPage() {
  const here = useHere();
  const { api, project } = here;
  const { query, list } = useReviews();
  const client = useQueryClient();
  const defines = may(here, "define");
  const change = useMutation({
    mutationFn: (reviews: { review: HumanReview; with: { position?: number; archived?: boolean } }[]) =>
      Promise.all(
        reviews.map(({ review, with: changed }) =>
          api.updateHumanReview(review.id, { ...asInput(review), ...changed }),
        ),
      ),
    onError: (cause) => toast(asApiError(cause).message, { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: [project.key, "human-reviews"] }),
  });
  const active = list.filter(({ archived }) => !archived);
  const archived = list.filter((review) => review.archived);
  // While something is dragged, the order is that of the hand.
  const [order, setOrder] = useState<string[] | null>(null);
  const shown = order ? order.flatMap((id) => active.find((one) => one.id === id) ?? []) : active;
  const ids = shown.map(({ id }) => id);
  const latest = useRef(ids);
  latest.current = ids;
  const move = (id: string, by: number) => {
    const next = latest.current.filter((one) => one !== id);
    next.splice(latest.current.indexOf(id) + by, 0, id);
    latest.current = next;
    setOrder(next);
  };
  const drop = () => {
    const moved = latest.current.flatMap((id, position) => {
      const review = active.find((one) => one.id === id);
      return review && review.position !== position ? [{ review, with: { position } }] : [];
    });
    if (moved.length > 0) change.mutate(moved, { onSettled: () => setOrder(null) });
    else setOrder(null);
  };
  const step = (id: string, by: number) => {
    move(id, by);
    drop();
  };
  const { dragged, row, handle } = useReorder(ids, move, drop);
  if (query.isPending) return <Skeleton lines={6} />;
  if (query.error) return <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />;
  return (
    <Page
      title="Human reviews"
      about={`What people are asked about every span of ${project.name}, in this order.`}
      action={
        defines && (
          <Link
            to="/p/$project/settings/human-reviews/$review"
            params={{ project: project.key, review: "new" }}
            className="inline-flex h-8 items-center gap-1.5 rounded-[6px] bg-accent px-3 text-sm font-medium text-on-accent hover:bg-accent-hover"
          >
            <Plus size={16} aria-hidden /> New human review
          </Link>
        )
      }
    >
      <ul aria-label="Human reviews" className="border-t">
        {shown.map((review, at) => (
          <li
            key={review.id}
            ref={row(review.id)}
            className={cx("flex min-h-14 items-center gap-3 border-b py-2", dragged === review.id && "bg-hover")}
          >
            {defines && (
              <IconButton
                name={`Drag ${review.display_name}, or move it with the arrow keys`}
                className="-mx-1 flex h-8 w-6 cursor-grab touch-none active:cursor-grabbing"
                {...handle(review.id)}
              >
                <GripVertical size={14} aria-hidden />
              </IconButton>
            )}
            <div className="grid min-w-0 flex-1 items-center gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,1.2fr)_132px_minmax(0,1.5fr)]">
              <div className="min-w-0">
                <Link
                  to="/p/$project/settings/human-reviews/$review"
                  params={{ project: project.key, review: review.id }}
                  className="font-medium hover:underline"
                >
                  {review.display_name}
                </Link>
                <div className="truncate font-mono text-xs text-ink-3">{review.key}</div>
              </div>
              <span className="text-sm text-ink-2">{typeLabel(review.type)}</span>
              <Shape review={review} />
            </div>
            {defines && (
              <span className="flex">
                <IconButton
                  name={`Move ${review.display_name} up`}
                  disabled={at === 0 || change.isPending}
                  onClick={() => step(review.id, -1)}
                >
                  <ArrowUp size={14} aria-hidden />
                </IconButton>
                <IconButton
                  name={`Move ${review.display_name} down`}
                  disabled={at === shown.length - 1 || change.isPending}
                  onClick={() => step(review.id, 1)}
                >
                  <ArrowDown size={14} aria-hidden />
                </IconButton>
              </span>
            )}
          </li>
        ))}
      </ul>
      {active.length === 0 && (
        <Empty title="Nothing is asked yet">Make the first human review: it appears in the margin of every span.</Empty>
      )}
      {list.length > 0 && (
        <p className="mt-6">
          <ExportAnnotations reviews={list} />
        </p>
      )}
      {archived.length > 0 && (
        <section aria-label="Archived" className="mt-8">
          <h2 className="mb-2 text-sm font-semibold text-ink-2">Archived</h2>
          <ul className="border-t">
            {archived.map((review) => (
              <li key={review.id} className="flex h-11 items-center gap-3 border-b text-sm text-ink-2">
                <span className="flex-1 truncate">{review.display_name}</span>
                {defines && (
                  <button
                    type="button"
                    className="text-accent underline"
                    onClick={() => change.mutate([{ review, with: { archived: false } }])}
                  >
                    Bring back
                  </button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}
