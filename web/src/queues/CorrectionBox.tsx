import { Check, Pencil, X } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Review } from "../api/queues";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { DiffText } from "../logs/DiffText";
import { diff } from "../logs/diff";
import { characters } from "../review/answers";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { count } from "../ui/format";
import { reveal } from "../ui/reveal";
import { CORRECTION_LIMIT, originalOf } from "./form";

/** What should have been said: the answer to write over, and what that changes word by word. */
export function CorrectionBox({
  review,
  text,
  required,
  wrong,
  onChange,
}: {
  review: Review;
  text: string | undefined;
  required: boolean;
  wrong: string | undefined;
  onChange: (text: string | undefined) => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const original = useMemo(() => originalOf(review), [review]);
  const [compared, setCompared] = useState(true);
  // To open the answer says nothing of it: only a change does, or that it was confirmed.
  const [opened, setOpened] = useState(false);
  const open = opened || text !== undefined;
  const shown = text ?? original;
  const pieces = useMemo(() => diff(original, shown), [original, shown]);
  const corrections = (review.others ?? []).filter(({ key }) => key === "correction");
  const same = shown === original;
  const length = characters(shown);
  const confirms = required && original !== "" && text === undefined;
  const begin = () => {
    setOpened(true);
    // The field is there only after that was shown.
    requestAnimationFrame(() => {
      const field = area.current;
      if (!field) return;
      field.focus({ preventScroll: true });
      field.setSelectionRange(field.value.length, field.value.length);
      reveal(field.closest("[data-question]"));
    });
  };
  useCommand("correct-item", begin);
  useCommand("diff", () => setCompared(!compared), { when: open });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a place that the arrow keys stop at, as at every question
    <div
      role="group"
      aria-labelledby="correction-title"
      data-question=" correction"
      tabIndex={-1}
      className="question px-3 py-3"
    >
      <div className="mb-1.5 flex min-h-5 flex-wrap items-center gap-2">
        <h3 id="correction-title" className="text-sm font-semibold">
          What should have been said
          {required && (
            <span className="ml-1 text-accent" title="Needs an answer">
              *<span className="sr-only"> needs an answer</span>
            </span>
          )}
        </h3>
        <span className="flex-1" />
        {open && (
          <>
            <Button
              small
              look="quiet"
              className="pointer-coarse:h-11"
              aria-pressed={compared}
              onClick={() => setCompared(!compared)}
            >
              {compared ? "Hide changes" : "Show changes"} <Key id="diff" />
            </Button>
            <IconButton
              name="Remove the correction"
              className="size-7 pointer-coarse:size-11"
              onClick={() => {
                setOpened(false);
                onChange(undefined);
              }}
            >
              <X size={14} aria-hidden />
            </IconButton>
          </>
        )}
      </div>
      {wrong && (
        <p role="alert" className="mb-1.5 text-sm text-bad">
          {wrong}
        </p>
      )}
      {open && (
        <>
          <textarea
            ref={area}
            aria-labelledby="correction-title"
            aria-invalid={Boolean(wrong)}
            dir="auto"
            rows={Math.min(16, Math.max(4, shown.split("\n").length + Math.floor(length / 48)))}
            className="field resize-y text-read"
            value={shown}
            onChange={({ target: { value } }) => onChange(value === original ? undefined : value)}
          />
          {length > CORRECTION_LIMIT * 0.9 && (
            <p className={cx("num mt-1 text-right text-xs", length > CORRECTION_LIMIT ? "text-bad" : "text-ink-2")}>
              {count(length)} / {count(CORRECTION_LIMIT)}
            </p>
          )}
          {same && text === undefined && <p className="mt-1 text-xs text-ink-2">Nothing is changed yet.</p>}
          {same && text !== undefined && (
            <p className="mt-1 flex items-center gap-1 text-xs text-ink-2">
              <Check size={12} aria-hidden className="text-good" /> The answer is right as it is.
            </p>
          )}
          {compared && !same && (
            <div className="mt-2 border-s-2 border-s-good bg-sheet px-3 py-2">
              <DiffText pieces={pieces} />
            </div>
          )}
        </>
      )}
      {(!open || confirms) && (
        <div className="flex flex-wrap gap-2">
          {!open && (
            <Button className="pointer-coarse:h-11" onClick={begin}>
              <Pencil size={14} aria-hidden /> Correct the answer <Key id="correct-item" />
            </Button>
          )}
          {confirms && (
            <Button className={`pointer-coarse:h-11 ${open ? "mt-2" : ""}`} onClick={() => onChange(original)}>
              <Check size={14} aria-hidden /> It is right as it is
            </Button>
          )}
        </div>
      )}
      {corrections.length > 0 && (
        <ul aria-label="How others corrected it" className="mt-3 flex flex-col gap-2">
          {corrections.map(({ reviewer, value }) => (
            <li key={reviewer.id} className="border-s-2 border-s-line-strong bg-sheet px-3 py-2">
              <p className="mb-1 text-xs font-medium text-ink-2">{reviewer.display_name}</p>
              <DiffText pieces={diff(original, String(value))} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
