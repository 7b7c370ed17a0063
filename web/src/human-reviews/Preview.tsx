import { useId, useState } from "react";
import type { AnswerValue, ReviewInput } from "../api/types";
import { Control } from "../review/Control";

/** The live control exactly as reviewers will see it, on paper and in ink. */
export function Preview({ review }: { review: ReviewInput }) {
  return (
    <div className="flex flex-col gap-3">
      <Sheet review={review} theme="light" />
      <Sheet review={review} theme="dark" />
    </div>
  );
}

function Sheet({ review, theme }: { review: ReviewInput; theme: "light" | "dark" }) {
  const [value, setValue] = useState<AnswerValue>();
  const title = useId();
  return (
    <section
      data-theme={theme}
      aria-label={`Preview, ${theme}`}
      className="theme-sheet rounded-[6px] border bg-paper p-4 text-ink"
    >
      <h3 id={title} className="mb-1.5 text-sm font-semibold break-words">
        {review.display_name || <span className="text-ink-3">Title</span>}
      </h3>
      {review.description && <p className="mb-2 text-sm text-ink-2">{review.description}</p>}
      <Control key={review.type} review={review} label={title} value={value} onAnswer={setValue} keys />
    </section>
  );
}
