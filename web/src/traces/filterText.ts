/**
 * Filters as one line of text: `status:error model:gpt-4o,gpt-4o-mini -tags:test duration_ms:>1000 "free words"`.
 *
 * Text and chips are two views of the same list of terms.
 */
import type { Condition } from "../api/types";

/** One term of a filter: a condition on a field, or words to find. */
export interface Term {
  /** Empty for words. */
  field: string;
  op: string;
  values: string[];
}

const COMPARED: [string, string][] = [
  [">=", "gte"],
  ["<=", "lte"],
  [">", "gt"],
  ["<", "lt"],
];
const NEGATED: Record<string, string> = { eq: "neq", in: "not_in", contains: "not_contains", exists: "not_exists" };
const FIELD = /^(-?)([\p{L}_][\p{L}\p{N}_.-]*):(.*)$/su;

/** Splits at spaces outside of quotes; a quote that never closes ends with the text. */
export function tokens(text: string): string[] {
  const found: string[] = [];
  let token = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\" && quoted) token += character + (text[++at] ?? "");
    else if (character === '"') {
      quoted = !quoted;
      token += character;
    } else if (/\s/.test(character) && !quoted) {
      if (token) found.push(token);
      token = "";
    } else token += character;
  }
  if (token) found.push(token);
  return found;
}

/** Splits at commas outside of quotes, and takes the quotes off. */
function list(text: string): string[] {
  const values: string[] = [];
  let value = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\" && quoted) value += text[++at] ?? "";
    else if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) {
      values.push(value);
      value = "";
    } else value += character;
  }
  values.push(value);
  return values.filter((one) => one !== "");
}

function condition(negative: boolean, field: string, rest: string): Term | undefined {
  const negate = (op: string) => (negative ? (NEGATED[op] ?? op) : op);
  if (rest === "*") return { field, op: negate("exists"), values: [] };
  if (rest.startsWith("~")) return { field, op: negate("contains"), values: [list(rest.slice(1)).join(",")] };
  for (const [sign, op] of COMPARED) {
    if (rest.startsWith(sign) && rest.length > sign.length)
      return { field, op, values: [list(rest.slice(sign.length)).join(",")] };
  }
  const between = /^([^",]+)\.\.([^",]+)$/.exec(rest);
  if (between?.[1] && between[2]) return { field, op: "between", values: [between[1], between[2]] };
  const values = list(rest);
  if (values.length === 0) return undefined;
  return { field, op: negate(values.length > 1 ? "in" : "eq"), values };
}

export function parseToken(token: string): Term | undefined {
  const [, minus, field, rest] = FIELD.exec(token) ?? [];
  if (field !== undefined && rest !== undefined) return condition(minus === "-", field, rest);
  const words = list(token).join(",");
  return words ? { field: "", op: "contains", values: [words] } : undefined;
}

export function parse(text: string): Term[] {
  return tokens(text).flatMap((token) => parseToken(token) ?? []);
}

const quote = (value: string): string =>
  /[\s",]|^[<>~*-]|\.\.|:/.test(value) || value === "" ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;

export function printTerm({ field, op, values }: Term): string {
  const all = values.map(quote).join(",");
  if (field === "") return all;
  const minus = op.startsWith("not_") || op === "neq" ? "-" : "";
  const compared = COMPARED.find(([, name]) => name === op)?.[0] ?? "";
  if (op === "between") return `${field}:${values.join("..")}`;
  if (op.endsWith("exists")) return `${minus}${field}:*`;
  if (op.endsWith("contains")) return `${minus}${field}:~${all}`;
  return `${minus}${field}:${compared}${all}`;
}

export const print = (terms: Term[]): string => terms.map(printTerm).join(" ");

/** What a chip says. */
export function chip({ field, op, values }: Term, label: string): string {
  const all = values.join(" or ");
  const words: Record<string, string> = {
    neq: "is not",
    not_in: "is none of",
    contains: "contains",
    not_contains: "does not contain",
    gt: ">",
    gte: "≥",
    lt: "<",
    lte: "≤",
  };
  if (field === "") return `“${values.join(" ")}”`;
  if (op === "exists") return `${label} is there`;
  if (op === "not_exists") return `no ${label}`;
  if (op === "between") return `${label} ${values.join(" to ")}`;
  return words[op] ? `${label} ${words[op]} ${all}` : `${label}: ${all}`;
}

/** A human review answers to its bare key unless a field has that name. */
export function resolve(field: string, fields: ReadonlySet<string>, reviews: ReadonlySet<string>): string {
  return !fields.has(field) && reviews.has(field) ? `annotation.${field}` : field;
}

/** What is sent to the server. */
export function compile(
  terms: Term[],
  fields: ReadonlySet<string>,
  reviews: ReadonlySet<string>,
): { filters: Condition[]; query: string } {
  const filters = terms
    .filter((term) => term.field !== "")
    .map((term) => ({ ...term, field: resolve(term.field, fields, reviews) }));
  const query = terms.flatMap((term) => (term.field === "" ? term.values : [])).join(" ");
  return { filters, query };
}
