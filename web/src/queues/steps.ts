import { askedOf } from "./form";
import type { Session, Step } from "./session";

const LEFT = { submit: "the submission", skip: "the skip", decline: "the refusal" } as const;
const WRITTEN: Partial<Record<string, string>> = { correction: "the correction", note: "the note", flag: "the flag" };

/** What a step was, in words: told when it is undone or done again. */
function said(session: Session, step: Step): string {
  const entry = session.entries[step.item];
  const name = entry?.review?.span?.summary.name ?? entry?.name;
  const where = name ? ` of “${name}”` : "";
  if (step.kind !== "edit") return `${LEFT[step.kind]}${where}`;
  const asked = entry?.review && askedOf(entry.review, session.correction);
  const question = asked?.find(({ human_review: { key } }) => key === step.field)?.human_review.display_name;
  return `${question ? `the answer to ${question}` : (WRITTEN[step.field] ?? "an answer")}${where}`;
}

export const undone = (session: Session): string | undefined => {
  const step = session.past.at(-1);
  return step && `Undone: ${said(session, step)}`;
};

export const redone = (session: Session): string | undefined => {
  const step = session.future.at(-1);
  return step && `Done again: ${said(session, step)}`;
};
