import type { OtherAnswer } from "../api/queues";
import type { HumanReview } from "../api/types";
import { sayValue } from "../review/sentiment";

/** What others said to one question, where the queue lets it be seen. */
export function Others({ all, review }: { all: OtherAnswer[] | undefined; review: HumanReview }) {
  const said = (all ?? []).filter(({ key }) => key === review.key);
  if (said.length === 0) return null;
  return (
    <ul aria-label={`What others said: ${review.display_name}`} className="mt-2 flex flex-col gap-1 text-xs text-ink-2">
      {said.map(({ reviewer, value, explanation }) => (
        <li key={reviewer.id} className="flex min-w-0 gap-2">
          <span className="max-w-[45%] shrink-0 truncate font-medium">{reviewer.display_name}</span>
          <span className="min-w-0 flex-1 break-words" dir="auto">
            {sayValue(review, value)}
            {explanation && <span className="block italic">{explanation}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
