import { Minus, ThumbsDown, ThumbsUp } from "lucide-react";
import type { AnswerValue, HumanReview, Sentiment } from "../api/types";
import { cx } from "../ui/cx";

export const SENTIMENT_TEXT: Record<Sentiment, string> = {
  positive: "text-good",
  negative: "text-bad",
  neutral: "text-ink-2",
};

/** A sign for a sentiment, so that it is not told by colour alone. */
export function SentimentMark({ sentiment, size = 14 }: { sentiment: Sentiment; size?: number }) {
  const Icon = sentiment === "positive" ? ThumbsUp : sentiment === "negative" ? ThumbsDown : Minus;
  return <Icon size={size} role="img" aria-label={sentiment} className={cx("shrink-0", SENTIMENT_TEXT[sentiment])} />;
}

export const labelOf = (review: HumanReview | undefined, value: string): string =>
  review?.options?.find((option) => option.value === value)?.label ?? value;

/** An answer in words. */
export function sayValue(review: HumanReview | undefined, value: AnswerValue): string {
  if (Array.isArray(value)) return value.map((one) => labelOf(review, one)).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  return labelOf(review, value);
}

export function sentimentOf(review: HumanReview | undefined, value: AnswerValue): Sentiment {
  const values = Array.isArray(value) ? value : [String(value)];
  const found = values.map((one) => review?.options?.find((option) => option.value === one)?.sentiment ?? "neutral");
  return found.find((one) => one === "negative") ?? found.find((one) => one === "positive") ?? "neutral";
}

/** An answer as a small mark in a list. */
export function AnswerMark({
  review,
  name,
  value,
  shrinks,
}: {
  review: HumanReview | undefined;
  name: string;
  value: AnswerValue;
  /** Becomes narrower where there is little room. */
  shrinks?: boolean;
}) {
  const sentiment = sentimentOf(review, value);
  const title = review?.display_name ?? name;
  const long = review?.type === "text" || review?.type === "correction";
  return (
    <span
      title={`${title}: ${sayValue(review, value)}`}
      className={cx(
        "inline-flex max-w-32 items-center gap-1 rounded-sm bg-well px-1.5 text-xs leading-5",
        shrinks && "min-w-0",
        SENTIMENT_TEXT[sentiment],
      )}
    >
      {sentiment !== "neutral" && <SentimentMark sentiment={sentiment} size={12} />}
      <span className="truncate">
        {long
          ? title
          : typeof value === "boolean" || typeof value === "number"
            ? `${title} ${sayValue(review, value)}`
            : sayValue(review, value)}
      </span>
    </span>
  );
}
