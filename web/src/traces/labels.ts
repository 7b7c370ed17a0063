import { resolve, type Term } from "./filterText";
import type { Fields } from "./useTraces";

/** What is needed to say the name of a field. */
export type Labelled = Pick<Fields, "list" | "reviews" | "names" | "keys">;

/** What a term of a filter is called. */
export function termLabel(term: Term, { list, reviews, names, keys }: Labelled): string {
  const field = resolve(term.field, names, keys);
  const review = reviews.find(({ key }) => `annotation.${key}` === field);
  return review?.display_name ?? list.find(({ name }) => name === field)?.label ?? term.field;
}
