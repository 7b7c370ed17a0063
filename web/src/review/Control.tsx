import { useEffect, useId, useRef, useState } from "react";
import type { AnswerValue, ReviewInput } from "../api/types";
import { cx } from "../ui/cx";
import { characters, choose, isChosen, rangeOf, textLimit, wrong } from "./answers";
import { SentimentMark } from "./sentiment";

export interface ControlProps {
  review: ReviewInput;
  /** The id of the element that names the question. */
  label: string;
  value: AnswerValue | undefined;
  onAnswer: (value: AnswerValue | undefined, typing?: boolean) => void;
  /** Prints the digits that choose, because the keys act here. */
  keys?: boolean;
  disabled?: boolean;
  /** Shows what each option means beside it. */
  rubric?: boolean;
  /** Text that was typed and not yet saved. */
  draft?: string | undefined;
  onDraft?: (text: string | undefined) => void;
}

/** The control of one human review, exactly as reviewers see it. */
export function Control(props: ControlProps) {
  switch (props.review.type) {
    case "range":
      return <RangeControl {...props} />;
    case "text":
    case "correction":
      return <TextControl {...props} />;
    default:
      return <OptionsControl {...props} />;
  }
}

const YES_NO = [
  { value: "true", label: "Yes", sentiment: "neutral" as const, description: "", icon: "" },
  { value: "false", label: "No", sentiment: "neutral" as const, description: "", icon: "" },
];

function OptionsControl({ review, label, value, onAnswer, keys, disabled, rubric }: ControlProps) {
  const options = review.type === "boolean" ? YES_NO : (review.options ?? []);
  const explained = rubric && options.some(({ description }) => description);
  const meaning = useId();
  const chosenLook = {
    positive: "border-good bg-good-soft text-good",
    negative: "border-bad bg-bad-soft text-bad",
    neutral: "border-ink bg-hover text-ink",
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: the question around it is the fieldset
    <div
      role="group"
      aria-labelledby={label}
      className={
        explained
          ? "grid grid-cols-[fit-content(52%)_minmax(0,1fr)] items-baseline gap-x-3 gap-y-1.5"
          : "flex flex-wrap gap-1.5"
      }
    >
      {options.map((option, index) => {
        const chosen = isChosen(value, option.value);
        const digit = index < 9 ? String(index + 1) : index === 9 ? "0" : undefined;
        const button = (
          <button
            key={option.value}
            type="button"
            aria-pressed={chosen}
            disabled={disabled}
            title={(!explained && option.description) || undefined}
            aria-describedby={explained && option.description ? `${meaning}-${index}` : undefined}
            data-option={option.value}
            onClick={() => onAnswer(choose(review, value, option.value))}
            className={cx(
              "inline-flex min-h-8 max-w-full items-center gap-1.5 rounded-[6px] border px-2 text-sm disabled:opacity-60 pointer-coarse:min-h-11",
              chosen ? `font-medium ${chosenLook[option.sentiment]}` : "border-line-strong bg-sheet hover:bg-hover",
            )}
          >
            {digit && (
              <kbd className={cx("kbd pointer-coarse:hidden", !keys && "opacity-45")} aria-hidden>
                {digit}
              </kbd>
            )}
            <span className="min-w-0 text-left break-words">{option.label || option.value || "…"}</span>
            {option.sentiment !== "neutral" && <SentimentMark sentiment={option.sentiment} size={12} />}
          </button>
        );
        return explained ? (
          <div key={option.value} className="contents">
            <div className="flex">{button}</div>
            <p id={`${meaning}-${index}`} className="text-sm text-ink-2" dir="auto">
              {option.description}
            </p>
          </div>
        ) : (
          button
        );
      })}
      {options.length === 0 && <p className="text-sm text-ink-3">No options yet.</p>}
    </div>
  );
}

function RangeControl({ review, label, value, onAnswer, disabled, rubric }: ControlProps) {
  const { min, max, step } = rangeOf(review);
  const given = typeof value === "number" ? value : undefined;
  const [typed, setTyped] = useState<string | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const errorId = useId();
  const error = typed === null || typed.trim() === "" ? undefined : wrong(review, Number(typed));
  const commit = () => {
    if (typed === null || error) return;
    onAnswer(typed.trim() === "" ? undefined : Number(typed));
    setTyped(null);
  };
  const settle = () => {
    if (dragged === null) return;
    onAnswer(dragged);
    setDragged(null);
  };
  const shown = dragged ?? given;
  return (
    <div>
      <div className="flex items-center gap-3">
        <input
          type="range"
          aria-labelledby={label}
          aria-valuetext={shown === undefined ? "not answered" : String(shown)}
          min={min}
          max={max}
          step={step}
          disabled={disabled}
          value={shown ?? (min + max) / 2}
          onChange={(event) => setDragged(Number(event.target.value))}
          onPointerUp={settle}
          onKeyUp={settle}
          onBlur={settle}
          className={cx("h-8 min-w-0 flex-1", shown === undefined && "opacity-50")}
        />
        <input
          type="text"
          inputMode="decimal"
          aria-labelledby={label}
          aria-invalid={Boolean(error)}
          aria-describedby={error ? errorId : undefined}
          placeholder="–"
          disabled={disabled}
          value={typed ?? shown ?? ""}
          onChange={(event) => setTyped(event.target.value.replace(",", "."))}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") commit();
            if (event.key === "Escape") {
              setTyped(null);
              event.currentTarget.blur();
            }
          }}
          className="field num h-8 w-18 shrink-0 text-right"
        />
      </div>
      <div className="num flex justify-between pr-21 text-xs text-ink-3" aria-hidden>
        <span>{min}</span>
        {rubric && <span className="pointer-coarse:hidden">keys 1 to 9, 0</span>}
        <span>{max}</span>
      </div>
      {error && (
        <p id={errorId} role="alert" className="mt-1 text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

/** How long after the last letter a text is saved. */
const PAUSE = 900;

function TextControl({ review, label, value, onAnswer, disabled, draft, onDraft }: ControlProps) {
  const saved = typeof value === "string" ? value : "";
  const [typed, setTyped] = useState<string | null>(draft ?? null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const errorId = useId();
  const text = typed ?? saved;
  const error = wrong(review, text);
  const limit = textLimit(review);
  const length = characters(text);
  const latest = useRef({ typed, error, saved, onAnswer });
  latest.current = { typed, error, saved, onAnswer };
  const commit = () => {
    clearTimeout(timer.current);
    const now = latest.current;
    if (now.typed === null || now.error) return;
    if (now.typed !== now.saved) now.onAnswer(now.typed === "" ? undefined : now.typed, true);
  };
  // What is saved is what counts from then on, so that undo shows.
  useEffect(() => setTyped((now) => (now === saved ? null : now)), [saved]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div>
      <textarea
        aria-labelledby={label}
        aria-invalid={Boolean(error)}
        aria-describedby={errorId}
        rows={Math.min(10, Math.max(2, text.split("\n").length + Math.floor(length / 60)))}
        dir="auto"
        disabled={disabled}
        className="field resize-y text-base"
        value={text}
        onChange={(event) => {
          setTyped(event.target.value);
          onDraft?.(event.target.value);
          clearTimeout(timer.current);
          timer.current = setTimeout(commit, PAUSE);
        }}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.nativeEvent.isComposing) event.currentTarget.blur();
        }}
      />
      <p
        id={errorId}
        role={error ? "alert" : undefined}
        className={cx("num flex justify-between text-xs", error ? "text-bad" : "text-ink-3")}
      >
        <span>{error}</span>
        <span className={cx(!error && length < limit * 0.8 && "opacity-0")}>
          {length} / {limit}
        </span>
      </p>
    </div>
  );
}
