import { Flag } from "lucide-react";
import {
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Queue } from "../api/queues";
import type { AnswerValue } from "../api/types";
import { Key } from "../keys/Key";
import { useCommand } from "../keys/useCommand";
import { choose, digitsOf } from "../review/answers";
import { Digits } from "../review/Digits";
import { Question } from "../review/Question";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { reveal } from "../ui/reveal";
import { CorrectionBox } from "./CorrectionBox";
import { askedOf } from "./form";
import { Others } from "./Others";
import type { Action, Entry } from "./session";

/** An action without the item it acts on: that is what is on the screen. */
export type Act = (action: Unplaced<Action>) => void;
export type Unplaced<A> = A extends { on: unknown } ? Omit<A, "on"> : never;

const place = (box: HTMLElement | null, name: string) =>
  box?.querySelector<HTMLElement>(`[data-question="${CSS.escape(name)}"]`);

/** The questions about one item, with what belongs to them: correction, note, flag. */
export function ReviewForm({ entry, queue, act }: { entry: Entry; queue: Queue; act: Act }) {
  const box = useRef<HTMLDivElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const [focused, setFocused] = useState<string>();
  const { review, form } = entry;
  const questions = review ? askedOf(review, queue.correction) : [];
  const orphaned = Boolean(review?.orphaned);
  const corrects = queue.correction !== "none" && !orphaned;
  const names = [...questions.map(({ human_review: { key } }) => key), ...(corrects ? [" correction"] : []), " note"];
  const first = names[0];
  // Behind a note or a correction the digits answer what is still open, or else the first question.
  const chosen = questions.filter(({ human_review: asked }) => digitsOf(asked).length > 0);
  const beside = focused?.startsWith(" ")
    ? (chosen.find(({ human_review: { key } }) => form.answers[key] === undefined) ?? chosen[0])
    : undefined;
  const current = (questions.find(({ human_review: { key } }) => key === focused) ?? beside)?.human_review;
  const wrong = (field: string) => entry.problems.find((problem) => problem.field === field)?.message;
  // Before the item is painted: from then on the digits act.
  useLayoutEffect(() => {
    if (first) place(box.current, first)?.focus({ preventScroll: true });
    box.current?.closest(".scroll")?.scrollTo?.(0, 0);
  }, [first]);
  const { problems } = entry;
  useEffect(() => {
    const trouble = problems[0]?.field;
    if (trouble === undefined) return;
    const name = trouble === "note" || trouble === "correction" ? ` ${trouble}` : trouble || first;
    if (name) place(box.current, name)?.focus();
  }, [problems, first]);
  const go = (by: number) => {
    const at = names.indexOf(focused ?? "");
    const next = names[Math.max(0, Math.min(names.length - 1, at + by))];
    const element = next && place(box.current, next);
    if (!element) return;
    element.focus({ preventScroll: true });
    reveal(element);
  };
  const answer = (key: string, value: AnswerValue | undefined, typing = false) =>
    act({ do: "answer", key, value, typing });
  const pick = (index: number) => {
    if (!current) return;
    const digit = digitsOf(current)[index];
    const before = form.answers[current.key];
    if (digit === undefined) return;
    if (beside) place(box.current, current.key)?.focus();
    answer(
      current.key,
      typeof digit === "number" ? (before === digit ? undefined : digit) : choose(current, before, digit),
    );
  };
  useCommand("next-question", () => go(1));
  useCommand("previous-question", () => go(-1));
  useCommand("note", () => {
    note.current?.focus({ preventScroll: true });
    reveal(place(box.current, " note"));
  });
  useCommand("flag", () => {
    act({ do: "flag" });
    reveal(place(box.current, " note"));
  });
  const events = {
    onFocus: (event: FocusEvent) =>
      setFocused((event.target as HTMLElement).closest<HTMLElement>("[data-question]")?.dataset.question),
    // After a click the keys act on the question again, not on the button that was clicked.
    onPointerUp: (event: PointerEvent) => {
      const button = (event.target as HTMLElement).closest("button[data-option]");
      const group = button?.closest<HTMLElement>("[data-question]");
      if (group) requestAnimationFrame(() => group.focus({ preventScroll: true }));
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
      const target = event.target as HTMLElement;
      if (target.tagName === "TEXTAREA" || target.tagName === "INPUT")
        target.closest<HTMLElement>("[data-question]")?.focus();
    },
  };
  return (
    <div ref={box} {...events} data-enter="submits" className="flex flex-col divide-y">
      <Digits count={current ? digitsOf(current).length : 0} pick={pick} />
      {wrong("") && (
        <p role="alert" className="bg-bad-soft px-3 py-2 text-sm text-bad">
          {wrong("")}
        </p>
      )}
      {questions.map(({ human_review: asked, required }, at) => (
        <Question
          key={asked.key}
          place={at + 1}
          review={asked}
          required={required}
          rubric
          value={form.answers[asked.key]}
          keys={asked.key === current?.key}
          disabled={orphaned}
          wrong={wrong(asked.key)}
          onAnswer={(value, typing) => answer(asked.key, value, typing)}
          {...(asked.type === "text" || asked.type === "correction"
            ? { onDraft: (text: string | undefined) => answer(asked.key, text || undefined, true) }
            : {})}
        >
          <Others all={review?.others} review={asked} />
        </Question>
      ))}
      {corrects && review && (
        <CorrectionBox
          review={review}
          text={form.correction}
          required={queue.correction === "required"}
          wrong={wrong("correction")}
          onChange={(text) => act({ do: "write", field: "correction", text })}
        />
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a place that the arrow keys stop at, as at every question */}
      <div role="group" aria-label="Note" data-question=" note" tabIndex={-1} className="question px-3 py-3">
        <div className="mb-1.5 flex min-h-5 items-center gap-2">
          <label htmlFor="review-note" className="text-sm font-semibold">
            Note
          </label>
          <Key id="note" />
          <span className="flex-1" />
          <Button
            small
            look="quiet"
            aria-pressed={form.flagged}
            className={cx("pointer-coarse:h-11", form.flagged && "bg-warn-soft text-warn")}
            onClick={() => act({ do: "flag" })}
          >
            <Flag size={14} aria-hidden fill={form.flagged ? "currentColor" : "none"} />
            {form.flagged ? "Flagged" : "Flag"} <Key id="flag" />
          </Button>
        </div>
        <textarea
          ref={note}
          id="review-note"
          dir="auto"
          rows={Math.min(8, Math.max(1, form.note.split("\n").length + Math.floor(form.note.length / 50)))}
          aria-invalid={Boolean(wrong("note"))}
          placeholder="For whoever runs this queue"
          className="field resize-y text-base"
          value={form.note}
          onChange={(event) => act({ do: "write", field: "note", text: event.target.value })}
        />
        {wrong("note") && (
          <p role="alert" className="mt-1 text-sm text-bad">
            {wrong("note")}
          </p>
        )}
      </div>
    </div>
  );
}
