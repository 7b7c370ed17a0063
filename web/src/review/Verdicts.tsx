import { Check, Gavel, X } from "lucide-react";
import type { Evaluation } from "../api/types";
import { Fold } from "../trace/Parts";

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

/** What machines said of the span, beside what people say. */
export function Verdicts({ evaluations }: { evaluations: Evaluation[] }) {
  const machines = evaluations.filter((one) => one.evaluation_type !== "human_review");
  if (machines.length === 0) return null;
  return (
    <section aria-label="Evaluators" className="border-t px-3 py-4">
      <h3 className="mb-2 text-sm font-semibold">Evaluators</h3>
      <ul className="flex flex-col gap-2 text-sm">
        {machines.map((one) => (
          <li key={one.id}>
            <div className="flex items-center gap-1.5">
              <Gavel size={14} aria-hidden className="text-ink-3" />
              <span className="min-w-0 truncate">{one.display_name ?? one.evaluator_id ?? "evaluator"}</span>
              <span className="flex-1" />
              {one.passed === true && <Check size={14} role="img" aria-label="passed" className="text-good" />}
              {one.passed === false && <X size={14} role="img" aria-label="did not pass" className="text-bad" />}
              <span className="num font-medium">{said(one)}</span>
            </div>
            {one.explanation && (
              <Fold label="Why">
                <p className="pl-5 text-ink-2">{one.explanation}</p>
              </Fold>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
