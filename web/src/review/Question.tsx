import { Check, CloudAlert, LoaderCircle, X } from "lucide-react";
import { useId } from "react";
import type { Annotation, AnswerValue, HumanReview } from "../api/types";
import { ErrorLine } from "../ui/State";
import { Control } from "./Control";
import { keepDraft, readDraft } from "./drafts";
import { Said } from "./Said";
import type { Saving } from "./useAnswers";

function Saved({ saving }: { saving: Saving | undefined }) {
  if (!saving) return null;
  const [Icon, text, look] =
    saving.state === "saving"
      ? [LoaderCircle, "Saving", "text-ink-3"]
      : saving.state === "saved"
        ? [Check, "Saved", "text-good"]
        : [CloudAlert, "Not saved", "text-bad"];
  return (
    <span role="status" className={`inline-flex items-center gap-1 text-xs ${look}`}>
      <Icon size={12} aria-hidden />
      {text}
    </span>
  );
}

export interface QuestionProps {
  review: HumanReview;
  mine: Annotation | undefined;
  others: Annotation[];
  saving: Saving | undefined;
  keys: boolean;
  disabled: boolean;
  /** Where a draft of this answer is kept. */
  place: string;
  onAnswer: (value: AnswerValue | undefined, typing?: boolean) => Promise<boolean>;
}

/** One human review on one span: the control, whether it is saved, and what others said. */
export function Question({ review, mine, others, saving, keys, disabled, place, onAnswer }: QuestionProps) {
  const title = useId();
  const answer = (value: AnswerValue | undefined, typing?: boolean) =>
    void onAnswer(value, typing).then((stored) => stored && keepDraft(place, undefined));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot be laid out beside the saved mark
    <div
      role="group"
      aria-labelledby={title}
      data-question={review.key}
      tabIndex={-1}
      className="group px-3 py-3 -outline-offset-2"
    >
      <div className="mb-1.5 flex min-h-5 items-center gap-2">
        <h3 id={title} className="min-w-0 text-sm font-semibold break-words">
          {review.display_name}
        </h3>
        <span className="flex-1" />
        <Saved saving={saving} />
        {mine && !disabled && (
          <button
            type="button"
            title="Remove your answer"
            aria-label={`Remove your answer to ${review.display_name}`}
            className="rounded-sm p-0.5 text-ink-3 hover:bg-hover hover:text-ink"
            onClick={() => answer(undefined)}
          >
            <X size={14} aria-hidden />
          </button>
        )}
      </div>
      {review.description && <p className="mb-2 text-sm text-ink-2">{review.description}</p>}
      <Control
        key={saving?.state === "failed" ? "failed" : "control"}
        review={review}
        label={title}
        value={mine?.value}
        onAnswer={answer}
        keys={keys}
        disabled={disabled}
        draft={readDraft(place)}
        onDraft={(text) => keepDraft(place, text)}
      />
      {saving?.state === "failed" && (
        <div className="mt-1.5">
          <ErrorLine error={saving.error} />
        </div>
      )}
      {(mine || others.length > 0) && (
        <ul
          aria-label={`Who said what: ${review.display_name}`}
          className="mt-2 flex flex-col gap-0.5 text-xs text-ink-2"
        >
          {mine && <Said one={mine} review={review} own />}
          {others.map((one) => (
            <Said key={one.id} one={one} review={review} />
          ))}
        </ul>
      )}
    </div>
  );
}
