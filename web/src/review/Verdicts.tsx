import { Check, Gavel, X } from "lucide-react";
import { useState } from "react";
import { asApiError } from "../api/error";
import type { Annotation, AnswerValue, Evaluation } from "../api/types";
import { Fold } from "../trace/Parts";
import { Button } from "../ui/Button";
import { toast } from "../ui/Toast";
import { CorrectVerdict } from "./CorrectVerdict";
import { readDraft } from "./drafts";
import { Said } from "./Said";

const said = ({ value, values, score, label, passed }: Evaluation): string => {
  const given = label ?? value ?? values?.join(", ");
  const parts = [
    typeof given === "boolean" ? (given ? "yes" : "no") : given,
    score !== undefined && score !== given ? score : undefined,
  ];
  const text = parts
    .filter((part) => part !== undefined && part !== null)
    .map((part) => (typeof part === "number" ? Number(part.toFixed(3)) : String(part)));
  return text.join(" · ") || (passed === undefined ? "no verdict" : passed ? "passed" : "did not pass");
};

/** What machines said of the span, beside what people say; and the verdicts that people put in their place. */
export function Verdicts({
  evaluations,
  annotations,
  isMine,
  correct,
  takeBack,
}: {
  evaluations: Evaluation[];
  annotations: Annotation[];
  isMine: (one: Annotation) => boolean;
  /** Absent for those who may only read. */
  correct: ((verdict: string, value: AnswerValue, explanation: string) => Promise<unknown>) | undefined;
  takeBack: (verdict: string) => Promise<unknown>;
}) {
  const machines = evaluations.filter((one) => one.evaluation_type !== "human_review");
  if (machines.length === 0) return null;
  return (
    <section aria-label="Evaluators" className="border-t px-3 py-4">
      <h3 className="mb-2 text-sm font-semibold">Evaluators</h3>
      <ul className="flex flex-col gap-3 text-sm">
        {machines.map((one) => (
          <Verdict
            key={one.id}
            one={one}
            corrections={annotations.filter(({ parent_annotation_id }) => parent_annotation_id === one.id)}
            isMine={isMine}
            correct={correct}
            takeBack={takeBack}
          />
        ))}
      </ul>
    </section>
  );
}

function Verdict({
  one,
  corrections,
  isMine,
  correct,
  takeBack,
}: Omit<Parameters<typeof Verdicts>[0], "evaluations" | "annotations"> & {
  one: Evaluation;
  corrections: Annotation[];
}) {
  const [writing, setWriting] = useState(() => readDraft(`verdict ${one.id}`) !== undefined);
  const name = one.display_name ?? one.evaluator_id ?? "evaluator";
  const mine = corrections.find(isMine);
  const settled = one.status === undefined || one.status === "completed";
  const remove = () => void takeBack(one.id).catch((cause) => toast(asApiError(cause).message, { bad: true }));
  return (
    <li>
      <div className="flex items-center gap-1.5">
        <Gavel size={14} aria-hidden className="shrink-0 text-ink-3" />
        <span className="min-w-0 truncate" title={name}>
          {name}
        </span>
        <span className="flex-1" />
        {one.passed === true && <Check size={14} role="img" aria-label="passed" className="shrink-0 text-good" />}
        {one.passed === false && <X size={14} role="img" aria-label="did not pass" className="shrink-0 text-bad" />}
        <span
          className={`num min-w-0 font-medium break-words ${corrections.length > 0 ? "text-ink-2 line-through" : ""}`}
        >
          {said(one)}
        </span>
      </div>
      {one.explanation && (
        <Fold label="Why">
          <p className="pl-5 text-ink-2">{one.explanation}</p>
        </Fold>
      )}
      {corrections.length > 0 && (
        <ul
          aria-label={`Corrections of ${name}`}
          className="mt-1 flex flex-col gap-1 rounded-sm bg-good-soft px-1.5 py-1 text-xs"
        >
          {corrections.map((each) => (
            <Said key={each.id} one={each} review={undefined}>
              {isMine(each) && correct && (
                <button
                  type="button"
                  title="Take your correction back"
                  aria-label={`Take your correction of ${name} back`}
                  className="rounded-sm p-0.5 text-ink-2 hover:bg-hover hover:text-ink"
                  onClick={remove}
                >
                  <X size={12} aria-hidden />
                </button>
              )}
            </Said>
          ))}
        </ul>
      )}
      {correct && settled && !writing && (
        <Button
          small
          look="quiet"
          className="mt-0.5 -ml-1"
          aria-label={mine ? `Change your correction of ${name}` : `Correct ${name}`}
          onClick={() => setWriting(true)}
        >
          {mine ? "Change your correction" : "Correct"}
        </Button>
      )}
      {correct && writing && (
        <CorrectVerdict
          verdict={one}
          name={name}
          before={mine}
          onClose={() => setWriting(false)}
          onAgain={() => setWriting(true)}
          correct={(value, explanation) => correct(one.id, value, explanation)}
        />
      )}
    </li>
  );
}
