import { type FormEvent, useId, useState } from "react";
import type { Annotation, AnswerValue, Evaluation } from "../api/types";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { characters, TEXT_LIMIT } from "./answers";
import { keepDraft, readDraft } from "./drafts";

type Shape = "boolean" | "number" | "list" | "text";

/** What a correction of a verdict must look like: as what the machine said. */
export function shapeOf({ value, values, passed }: Evaluation): Shape {
  if (Array.isArray(value) || values !== undefined) return "list";
  if (typeof value === "boolean" || (value === undefined && passed !== undefined)) return "boolean";
  return typeof value === "number" ? "number" : "text";
}

/** What was typed, as the value that is sent; nothing while it is none. */
export function answerOf(shape: Shape, typed: string): AnswerValue | undefined {
  const text = typed.trim();
  if (text === "") return undefined;
  if (shape === "boolean") return text === "yes";
  if (shape === "list")
    return text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean);
  if (shape === "text") return text;
  const number = Number(text.replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

/** The opposite, where there is one: who corrects yes means no. */
function first(shape: Shape, verdict: Evaluation, before: Annotation | undefined): string {
  const value = before?.value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  if (value !== undefined) return String(value);
  return shape === "boolean" ? ((verdict.value ?? verdict.passed) ? "no" : "yes") : "";
}

interface Draft {
  typed: string;
  explanation: string;
}

/** What was typed and not yet sent. */
function readKept(place: string): Draft | undefined {
  try {
    const kept = JSON.parse(readDraft(place) ?? "null") as Partial<Draft> | null;
    return kept ? { typed: String(kept.typed ?? ""), explanation: String(kept.explanation ?? "") } : undefined;
  } catch {
    return undefined;
  }
}

/** The verdict that a machine should have given, and why. */
export function CorrectVerdict({
  verdict,
  name,
  before,
  correct,
  onClose,
  onAgain,
}: {
  verdict: Evaluation;
  name: string;
  before: Annotation | undefined;
  correct: (value: AnswerValue, explanation: string) => Promise<unknown>;
  onClose: () => void;
  /** Opens it again, for what was put aside by mistake. */
  onAgain: () => void;
}) {
  const shape = shapeOf(verdict);
  const place = `verdict ${verdict.id}`;
  const [draft, setDraft] = useState<Draft>(
    () => readKept(place) ?? { typed: first(shape, verdict, before), explanation: before?.explanation ?? "" },
  );
  const { typed, explanation } = draft;
  const change = (to: Partial<Draft>) => {
    const next = { ...draft, ...to };
    setDraft(next);
    keepDraft(place, JSON.stringify(next));
  };
  const close = () => {
    keepDraft(place, undefined);
    onClose();
  };
  const cancel = () => {
    const kept = readDraft(place);
    close();
    if (kept === undefined) return;
    const back = () => {
      keepDraft(place, kept);
      onAgain();
    };
    toast("What you wrote was put aside", { action: { label: "Bring it back", run: back } });
  };
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const id = useId();
  const value = answerOf(shape, typed);
  const asked = shape === "number" ? "Enter a number." : "Say what it should have been.";
  const refused = error?.field?.endsWith(".value") ? error.message : undefined;
  const wrong = tried && value === undefined ? asked : refused;
  const long = characters(explanation) > TEXT_LIMIT;
  const tooLong = long ? `String value exceeds maximum length of ${TEXT_LIMIT} characters.` : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (value === undefined || long) return;
    void run(() => correct(value, explanation.trim())).then((stored) => stored && close());
  };
  return (
    <form
      onSubmit={submit}
      noValidate
      aria-label={`Correct ${name}`}
      className="mt-1.5 flex flex-col gap-2 rounded-[6px] border bg-sheet p-2.5"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.nativeEvent.isComposing) cancel();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
      }}
    >
      {shape === "boolean" ? (
        <fieldset className="flex items-center gap-1.5">
          <legend className="sr-only">It should have been</legend>
          {["yes", "no"].map((option) => (
            <button
              key={option}
              type="button"
              aria-pressed={typed === option}
              onClick={() => change({ typed: option })}
              className={cx(
                "h-8 rounded-[6px] border px-3 text-sm pointer-coarse:h-11",
                typed === option
                  ? "border-good bg-good-soft font-medium text-good"
                  : "border-line-strong bg-sheet hover:bg-hover",
              )}
            >
              {option}
            </button>
          ))}
        </fieldset>
      ) : (
        <label className="text-xs text-ink-2">
          It should have been{shape === "list" && " (separated by commas)"}
          <input
            // biome-ignore lint/a11y/noAutofocus: the form was just asked for
            autoFocus
            inputMode={shape === "number" ? "decimal" : "text"}
            className="field mt-0.5 h-8 text-sm text-ink"
            aria-invalid={wrong !== undefined}
            aria-describedby={wrong && id}
            value={typed}
            onChange={(event) => change({ typed: event.target.value })}
          />
        </label>
      )}
      {wrong && (
        <p id={id} role="alert" className="text-sm text-bad">
          {wrong}
        </p>
      )}
      <label className="text-xs text-ink-2">
        Why (not needed)
        <textarea
          rows={2}
          dir="auto"
          className="field mt-0.5 text-sm text-ink"
          aria-invalid={long}
          value={explanation}
          onChange={(event) => change({ explanation: event.target.value })}
        />
      </label>
      {tooLong && (
        <p role="alert" className="text-sm text-bad">
          {tooLong}
        </p>
      )}
      {error && !refused && <ErrorLine error={error} />}
      <div className="flex justify-end gap-2">
        <Button small onClick={cancel}>
          Cancel
        </Button>
        <Button small look="primary" type="submit" disabled={busy}>
          Save
        </Button>
      </div>
    </form>
  );
}
