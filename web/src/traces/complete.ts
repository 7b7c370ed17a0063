import type { Fields } from "./useTraces";

/** What can follow what is typed. */
export interface Suggestion {
  /** The whole token with this choice. */
  token: string;
  label: string;
  note: string;
  /** The token is not finished: a value must follow. */
  open: boolean;
}

const KNOWN_FIRST = ["status", "model", "environment", "tags", "name", "duration_ms", "total_tokens", "cost"];

/** The field a token asks the values of, if it is that far. */
export function fieldOf(token: string): string | undefined {
  return /^-?([^\s":]+):/.exec(token)?.[1];
}

export function suggestFields(token: string, fields: Fields): Suggestion[] {
  const minus = token.startsWith("-") ? "-" : "";
  const typed = token.replace(/^-/, "").toLowerCase();
  const all = [
    ...fields.reviews.map(({ key, display_name }) => ({ name: key, label: display_name ?? key, note: "human review" })),
    ...fields.list.map(({ name, label }) => ({ name, label: label ?? name, note: name })),
    ...fields.metadata.map(({ key }) => ({ name: `metadata.${key}`, label: key, note: "metadata" })),
  ];
  const rank = (name: string) => (KNOWN_FIRST.includes(name) ? KNOWN_FIRST.indexOf(name) : 99);
  const fits = all.filter(
    ({ name, label }) => name.toLowerCase().includes(typed) || label.toLowerCase().includes(typed),
  );
  const first = (name: string) => (typed !== "" && name.toLowerCase().startsWith(typed) ? 0 : 1);
  return fits
    .sort((a, b) => first(a.name) - first(b.name) || rank(a.name) - rank(b.name))
    .slice(0, 10)
    .map(({ name, label, note }) => ({ token: `${minus}${name}:`, label, note, open: true }));
}

export function suggestValues(token: string, values: { value: string; count?: number }[]): Suggestion[] {
  const [head = "", typed = ""] = token.split(/:(.*)/s);
  const quoted = (value: string) => (/[\s",:]/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);
  const wanted = typed.replace(/^"/, "").toLowerCase();
  return values
    .filter(({ value }) => value.toLowerCase().includes(wanted))
    .slice(0, 12)
    .map(({ value, count }) => ({
      token: `${head}:${quoted(value)}`,
      label: value,
      note: count === undefined ? "" : String(count),
      open: false,
    }));
}
