/** What differs between two wordings of a human review, in words; and what a change does to values that were given. */
import type { ReviewInput, ReviewOption } from "../api/types";

type Wording = Pick<ReviewInput, "type" | "key" | "display_name" | "description" | "options" | "config">;

const quoted = (text: string) => (text === "" ? "nothing" : `“${text}”`);
const list = (values: string[]) => values.map(quoted).join(", ");
const values = (wording: Wording) => (wording.options ?? []).map(({ value }) => value);

function ofOptions(before: Wording, after: Wording): string[] {
  const [old, now] = [values(before), values(after)];
  const said: string[] = [];
  const added = now.filter((value) => !old.includes(value));
  const removed = old.filter((value) => !now.includes(value));
  if (added.length > 0) said.push(`options added: ${list(added)}`);
  if (removed.length > 0) said.push(`options removed: ${list(removed)}`);
  const kept = old.filter((value) => now.includes(value));
  if (kept.join("\0") !== now.filter((value) => old.includes(value)).join("\0")) said.push("options in another order");
  const find = (wording: Wording, value: string) => wording.options?.find((option) => option.value === value);
  const differs = (name: keyof ReviewOption, what: string) => {
    const changed = kept.filter((value) => (find(before, value)?.[name] ?? "") !== (find(after, value)?.[name] ?? ""));
    if (changed.length > 0) said.push(`${what} of ${list(changed)}`);
  };
  differs("label", "label");
  differs("sentiment", "sentiment");
  differs("description", "meaning");
  return said;
}

const RULES = { min: "minimum", max: "maximum", step: "step", max_length: "maximum length" } as const;

/** What changed from one wording to the next; empty when nothing did. */
export function whatChanged(before: Wording, after: Wording): string[] {
  const said: string[] = [];
  if (before.type !== after.type) said.push(`type ${before.type} became ${after.type}`);
  if (before.display_name !== after.display_name)
    said.push(`title ${quoted(before.display_name)} became ${quoted(after.display_name)}`);
  if (after.key !== undefined && before.key !== after.key)
    said.push(`key ${quoted(before.key ?? "")} became ${quoted(after.key)}`);
  if (before.description !== after.description) said.push(after.description ? "another description" : "no description");
  said.push(...ofOptions(before, after));
  for (const [name, label] of Object.entries(RULES) as [keyof typeof RULES, string][]) {
    const [old, now] = [before.config?.[name], after.config?.[name]];
    if (old !== now) said.push(`${label} ${old ?? "not set"} became ${now ?? "not set"}`);
  }
  return said;
}

const count = (number: number) => `${number} ${number === 1 ? "value uses" : "values use"}`;

/** What a change does to values that were given: nothing that is stored changes, but it may no longer be choosable. */
export function touched(before: Wording, after: Wording, used: Map<string, number>, total: number): string[] {
  const left = values(after);
  const lost = [...used].filter(
    ([value, times]) => times > 0 && values(before).includes(value) && !left.includes(value),
  );
  const said = lost.map(([value, times]) => `${count(times)} “${value}”, which nobody can choose any more.`);
  const rules = (Object.keys(RULES) as (keyof typeof RULES)[]).some(
    (name) => before.config?.[name] !== after.config?.[name],
  );
  if (rules && total > 0) said.push(`${count(total)} the rules as they were; some may lie outside the new ones.`);
  if (after.key !== undefined && before.key !== after.key)
    said.push(`Programs that say “${before.key}” are refused from now on; they must say “${after.key}”.`);
  return said;
}
