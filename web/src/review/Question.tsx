import { Check, CloudAlert, LoaderCircle, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import type { AnswerValue, HumanReview } from "../api/types";
import { ErrorLine } from "../ui/State";
import { Control } from "./Control";
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
  value: AnswerValue | undefined;
  saving?: Saving | undefined;
  /** The digits act here. */
  keys: boolean;
  disabled: boolean;
  onAnswer: (value: AnswerValue | undefined, typing?: boolean) => void;
  draft?: string | undefined;
  onDraft?: (text: string | undefined) => void;
  /** Its place among the questions, where that is shown. */
  place?: number;
  required?: boolean;
  rubric?: boolean;
  /** What is wrong with the answer. */
  wrong?: string | undefined;
  /** Who said what. */
  children?: ReactNode;
}

/** One human review on one span: the control, whether it is saved, and who said what. */
export function Question(props: QuestionProps) {
  const { review, value, saving, keys, disabled, onAnswer, place, required, rubric, wrong, children } = props;
  const title = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot be laid out beside the saved mark
    <div
      role="group"
      aria-labelledby={title}
      data-question={review.key}
      tabIndex={-1}
      className="group question px-3 py-3"
    >
      <div className="mb-1.5 flex min-h-5 items-center gap-2">
        <h3 id={title} className="min-w-0 text-sm font-semibold break-words">
          {place !== undefined && <span className="num mr-1.5 font-normal text-ink-3">{place}</span>}
          {review.display_name}
          {required && (
            <span className="ml-1 text-accent" title="Needs an answer">
              *<span className="sr-only"> needs an answer</span>
            </span>
          )}
        </h3>
        <span className="flex-1" />
        <Saved saving={saving} />
        {value !== undefined && !disabled && (
          <button
            type="button"
            title="Remove your answer"
            aria-label={`Remove your answer to ${review.display_name}`}
            className="rounded-sm p-0.5 text-ink-3 hover:bg-hover hover:text-ink pointer-coarse:-my-3 pointer-coarse:p-[15px]"
            onClick={() => onAnswer(undefined)}
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
        value={value}
        onAnswer={onAnswer}
        keys={keys}
        disabled={disabled}
        {...(rubric ? { rubric } : {})}
        draft={props.draft}
        {...(props.onDraft ? { onDraft: props.onDraft } : {})}
      />
      {wrong && (
        <p role="alert" className="mt-1.5 text-sm text-bad">
          {wrong}
        </p>
      )}
      {saving?.state === "failed" && (
        <div className="mt-1.5">
          <ErrorLine error={saving.error} />
        </div>
      )}
      {children}
    </div>
  );
}
