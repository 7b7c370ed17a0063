/** What was selected when somebody went to make a queue for it: it is added as soon as the queue is there. */
import { count } from "../ui/format";

/** Adds something to a queue, and says what came of it; nothing where a job does it and tells of itself. */
export type Adder = (queue: string, name: string) => Promise<string | undefined>;

export interface Carried {
  project: string;
  /** In words, such as "8 traces". */
  what: string;
  add: Adder;
}

let held: Carried | undefined;

export function carry(what: Carried): void {
  held = what;
}

/** What is carried into this project, if the way there says that something is. */
export const carried = (project: string, isMeant: boolean): Carried | undefined =>
  isMeant && held?.project === project ? held : undefined;

export function putDown(): void {
  held = undefined;
}

/** What became of things that were added to a queue. */
export function said(
  { added, already_there, not_found }: { added: number; already_there: number; not_found: number },
  name: string,
): string {
  const parts = [
    added > 0 ? `${count(added)} added to ${name}` : `Nothing new in ${name}`,
    already_there > 0 && `${count(already_there)} ${already_there === 1 ? "was" : "were"} there already`,
    not_found > 0 && `${count(not_found)} ${not_found === 1 ? "is" : "are"} gone`,
  ];
  return parts.filter(Boolean).join("; ");
}
