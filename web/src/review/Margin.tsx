import { Link } from "@tanstack/react-router";
import { Undo2 } from "lucide-react";
import { useRef, useState } from "react";
import { asApiError } from "../api/error";
import type { Evaluation, HumanReview } from "../api/types";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { choose, optionsOf } from "./answers";
import { Digits } from "./Digits";
import { keepDraft, readDraft } from "./drafts";
import { Question } from "./Question";
import { Said } from "./Said";
import { useAnswers } from "./useAnswers";
import { useReviews } from "./useReviews";
import { useVerdictCorrections } from "./useVerdictCorrections";
import { Verdicts } from "./Verdicts";

/** The margin: what people are asked about a span, what they said, and what machines said. */
export function Margin({
  traceId,
  spanId,
  evaluations,
  without,
}: {
  traceId: string;
  spanId: string;
  evaluations: Evaluation[];
  without?: HumanReview["type"];
}) {
  const here = useHere();
  const reviews = useReviews();
  const { query, saving, save, takeBack, isMine } = useAnswers(traceId, spanId);
  const { correct, takeCorrectionBack } = useVerdictCorrections(traceId, spanId);
  const box = useRef<HTMLElement>(null);
  const [focused, setFocused] = useState<string>();
  const annotations = query.data ?? [];
  const allowed = may(here, "annotate");
  const asked = reviews.active.filter(({ type }) => type !== without);
  // The focus says which question the digits answer; without it, the first that has options.
  const current = asked.find(({ key }) => key === focused) ?? asked.find((review) => optionsOf(review).length > 0);
  const mine = (key: string) => annotations.find((one) => one.key === key && isMine(one));
  const pick = (index: number) => {
    const option = current && optionsOf(current)[index];
    if (current && option !== undefined) void save(current, choose(current, mine(current.key)?.value, option));
  };
  const go = (by: number) => {
    const at = asked.findIndex(({ key }) => key === focused);
    const next = asked[Math.max(0, Math.min(asked.length - 1, at + by))];
    if (next) box.current?.querySelector<HTMLElement>(`[data-question="${CSS.escape(next.key)}"]`)?.focus();
  };
  useCommand("next-question", () => go(1));
  useCommand("previous-question", () => go(-1));
  useCommand("undo", () => void takeBack(), { when: allowed });
  const digits = current && allowed ? optionsOf(current).length : 0;
  if (reviews.query.isPending || query.isPending) return <Skeleton lines={6} />;
  const error = reviews.query.error ?? query.error;
  if (error)
    return (
      <ErrorPanel
        error={asApiError(error)}
        retry={() => void Promise.all([reviews.query.refetch(), query.refetch()])}
      />
    );
  return (
    <section
      ref={box}
      aria-label="Margin"
      className="scroll flex h-full min-h-0 flex-col"
      onFocus={(event) => setFocused(event.target.closest<HTMLElement>("[data-question]")?.dataset.question)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setFocused(undefined);
      }}
    >
      <Digits count={digits} pick={pick} />
      {!allowed && (
        <p className="border-b px-4 py-2 text-sm text-ink-2">
          You may read here, but not judge. An admin can change your role.
        </p>
      )}
      <div className="divide-y">
        {asked.map((review) => {
          const own = mine(review.key);
          const others = annotations.filter((one) => one.key === review.key && !isMine(one));
          const place = `${traceId} ${spanId} ${review.key}`;
          return (
            <Question
              key={review.key}
              review={review}
              value={own?.value}
              saving={saving[review.key]}
              keys={review === current}
              disabled={!allowed}
              draft={readDraft(place)}
              onDraft={(text) => keepDraft(place, text)}
              onAnswer={(value, typing) =>
                void save(review, value, typing).then((stored) => stored && keepDraft(place, undefined))
              }
            >
              {(own || others.length > 0) && (
                <ul
                  aria-label={`Who said what: ${review.display_name}`}
                  className="mt-2 flex flex-col gap-0.5 text-xs text-ink-2"
                >
                  {own && <Said one={own} review={review} own />}
                  {others.map((one) => (
                    <Said key={one.id} one={one} review={review} />
                  ))}
                </ul>
              )}
            </Question>
          );
        })}
      </div>
      {asked.length === 0 && (
        <Empty title="Nothing is asked yet">
          <p className="mb-3">Human reviews say what people judge: a rating, the defects, a score, a note.</p>
          <Link
            to="/p/$project/settings/human-reviews"
            params={{ project: here.project.key }}
            className="text-accent underline"
          >
            Define a human review
          </Link>
        </Empty>
      )}
      <Verdicts
        evaluations={evaluations}
        annotations={annotations}
        isMine={isMine}
        correct={allowed ? correct : undefined}
        takeBack={takeCorrectionBack}
      />
      <span className="flex-1" />
      {allowed && asked.length > 0 && (
        <footer className="sticky bottom-0 flex items-center gap-2 border-t bg-paper px-3 py-1.5 text-xs text-ink-3">
          <span className="flex-1">Saved as you go.</span>
          <Button look="quiet" small onClick={() => void takeBack()}>
            <Undo2 size={14} aria-hidden /> Undo <Key id="undo" />
          </Button>
        </footer>
      )}
    </section>
  );
}
