import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, type ReactNode, useReducer, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { HumanReview } from "../api/types";
import { useHere } from "../app/project";
import { change, draftOf, empty, hasOptions, inputOf, problems, TYPES } from "../human-reviews/draft";
import { OptionRows } from "../human-reviews/OptionRows";
import { Preview } from "../human-reviews/Preview";
import { useReviews } from "../review/useReviews";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
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
  return <Editor key={id} review={review} />;
}

function Field({
  label,
  id,
  error,
  hint,
  children,
}: {
  label: string;
  id?: string;
  error?: string | undefined;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="mb-5">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children}
      {hint && <p className="mt-1 text-xs text-ink-2">{hint}</p>}
      {error && (
        <p role="alert" className="mt-1 text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

function Editor({ review }: { review: HumanReview | undefined }) {
  const { api, project } = useHere();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const [draft, act] = useReducer(change, review, (one) => (one ? draftOf(one) : empty()));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const usage = useQuery({
    queryKey: [project.key, "usage", review?.id],
    queryFn: () => api.humanReviewUsage(review?.id ?? ""),
    enabled: review !== undefined,
    retry: false,
  });
  const used = new Map(usage.data?.options?.map(({ value, count }) => [value, count]));
  const total = usage.data?.total ?? 0;
  const lost = (review?.options ?? []).filter(
    ({ value }) => (used.get(value) ?? 0) > 0 && !draft.options.some((option) => option.value === value),
  );
  const wrong = tried ? problems(draft) : {};
  const text = (name: "title" | "key" | "description" | "min" | "max" | "step" | "maxLength") => ({
    id: name,
    value: draft[name],
    onChange: (event: { target: { value: string } }) => act({ do: "text", name, text: event.target.value }),
  });
  const finish = async (work: Promise<unknown>, said: string) => {
    setBusy(true);
    setError(null);
    try {
      await work;
      await client.invalidateQueries({ queryKey: [project.key, "human-reviews"] });
      toast(said);
      void navigate({ to: "/p/$project/settings/human-reviews", params: { project: project.key } });
    } catch (cause) {
      setError(asApiError(cause));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems(draft)).length > 0) return;
    const input = inputOf(draft);
    const work = review
      ? api.updateHumanReview(review.id, { ...input, position: review.position ?? 0 })
      : api.createHumanReview(input);
    void finish(work, review ? "Saved" : `${input.display_name} is now asked`);
  };
  const archive = () => {
    if (review)
      void finish(
        api.updateHumanReview(review.id, { ...asInput(review), archived: true }),
        `${review.display_name} is archived. Its answers stay.`,
      );
  };
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[1080px] px-4 py-6">
        <Link
          to="/p/$project/settings/human-reviews"
          params={{ project: project.key }}
          className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink"
        >
          <ArrowLeft size={14} aria-hidden /> Human reviews
        </Link>
        <h1 className="mb-5 text-lg font-semibold">{review ? review.display_name : "New human review"}</h1>
        <div className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_360px]">
          <form onSubmit={submit} noValidate>
            <Field label="Title" id="title" error={wrong.title}>
              <input
                className="field"
                maxLength={255}
                aria-invalid={Boolean(wrong.title)}
                placeholder="Tone of voice"
                {...text("title")}
              />
            </Field>
            <Field
              label="Key"
              id="key"
              hint={
                review
                  ? "Programs name it by this key: changing it breaks those that do."
                  : "Programs name it by this key."
              }
            >
              <input className="field font-mono" spellCheck={false} {...text("key")} />
            </Field>
            <Field
              label="Description"
              id="description"
              hint="Shown below the title: what is asked, and when to choose what."
            >
              <textarea className="field" rows={2} {...text("description")} />
            </Field>
            <fieldset className="mb-5" disabled={total > 0}>
              <legend className="mb-1 text-sm font-medium">Type</legend>
              <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
                {TYPES.map(({ type, label, hint }) => (
                  <label
                    key={type}
                    className={cx(
                      "flex cursor-pointer flex-col rounded-[6px] border px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-accent has-disabled:cursor-not-allowed",
                      type === draft.type
                        ? "border-accent bg-accent-soft"
                        : "border-line-strong bg-sheet hover:bg-hover",
                    )}
                  >
                    <input
                      type="radio"
                      name="type"
                      className="sr-only"
                      checked={type === draft.type}
                      onChange={() => act({ do: "type", type })}
                    />
                    <span className="text-sm font-medium">{label}</span>
                    <span className="text-xs text-ink-2">{hint}</span>
                  </label>
                ))}
              </div>
              {total > 0 && (
                <p className="mt-1 text-xs text-ink-2">The type stays, because {total} values were given.</p>
              )}
            </fieldset>
            {hasOptions(draft.type) && (
              <Field label="Options" error={wrong.options}>
                <OptionRows draft={draft} change={act} usage={used} />
              </Field>
            )}
            {draft.type === "range" && (
              <Field label="Range" error={wrong.range}>
                <div className="flex flex-wrap gap-3">
                  {(["min", "max", "step"] as const).map((name) => (
                    <label key={name} className="text-xs text-ink-2">
                      {{ min: "Minimum", max: "Maximum", step: "Step" }[name]}
                      <input inputMode="decimal" className="field num mt-0.5 h-8 w-28" {...text(name)} />
                    </label>
                  ))}
                </div>
              </Field>
            )}
            {(draft.type === "text" || draft.type === "correction") && (
              <Field
                label="Maximum length"
                id="maxLength"
                error={wrong.maxLength}
                hint="In characters; 3000 when nothing is said."
              >
                <input inputMode="numeric" className="field num w-32" {...text("maxLength")} />
              </Field>
            )}
            {lost.map(({ value }) => (
              <p key={value} role="status" className="mb-2 rounded-[6px] bg-warn-soft px-3 py-2 text-sm text-warn">
                {used.get(value)} {used.get(value) === 1 ? "value uses" : "values use"} “{value}”. They stay as they
                are, but nobody can choose it any more.
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
              {review && (
                <Button look="danger" disabled={busy} onClick={archive}>
                  Archive
                </Button>
              )}
            </div>
          </form>
          <aside aria-label="Preview" className="lg:sticky lg:top-6 lg:self-start">
            <h2 className="mb-2 text-sm font-medium">As reviewers see it</h2>
            <Preview review={inputOf(draft)} />
          </aside>
        </div>
      </div>
    </div>
  );
}
