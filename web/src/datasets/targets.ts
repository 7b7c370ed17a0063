/** What a column of a file can become, as it is chosen from a list. */
export const TARGETS = [
  { value: "ignore", label: "Left out" },
  { value: "messages.user", label: "The question" },
  { value: "messages.system", label: "System message" },
  { value: "messages", label: "Messages (JSON)" },
  { value: "chat", label: "Messages that end with the expected output" },
  { value: "expected_output", label: "Expected output" },
  { value: "inputs", label: "Inputs (JSON)" },
  { value: "evaluations", label: "What people said (JSON)" },
  { value: "origin.trace_id", label: "Its trace" },
  { value: "origin.span_id", label: "Its span" },
  { value: "origin.answer", label: "What was answered" },
  { value: "chosen", label: "The better answer" },
  { value: "rejected", label: "The worse answer" },
  { value: "completion", label: "An answer" },
  { value: "label", label: "Whether the answer was good" },
];

/** The choices for a column: the common ones, one input of its name, and what it has become. */
export function targetsOf(column: string, now: string): { value: string; label: string }[] {
  const own = { value: `inputs.${column}`, label: `Input “${column}”` };
  const all = [...TARGETS, own];
  return all.some(({ value }) => value === now) ? all : [...all, { value: now, label: now }];
}
