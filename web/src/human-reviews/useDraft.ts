import { useReducer, useState } from "react";
import type { HumanReview } from "../api/types";
import { keepDraft, readDraft } from "../review/drafts";
import { type Change, change, type Draft, draftOf, empty } from "./draft";

interface Kept {
  /** The version that was being changed; 0 for a new human review. */
  version: number;
  draft: Draft;
}

function read(place: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(readDraft(place) ?? "null");
    const looksRight = typeof kept === "object" && kept !== null && "version" in kept && "draft" in kept;
    // A draft of an older form of the page is filled up with what it did not know.
    return looksRight ? { ...(kept as Kept), draft: { ...empty(), ...(kept as Kept).draft } } : undefined;
  } catch {
    return undefined;
  }
}

type Action = Change | { do: "reset"; to: Draft };

const reduce = (draft: Draft, action: Action): Draft => (action.do === "reset" ? action.to : change(draft, action));

const same = (one: Draft, other: Draft) => JSON.stringify(one) === JSON.stringify(other);

/** A human review while it is written: kept in the browser until it is saved or discarded. */
export function useDraft(project: string, review: HumanReview | undefined) {
  const place = `human-review ${project} ${review?.id ?? "new"}`;
  const version = review?.version ?? 0;
  const [saved] = useState(() => (review ? draftOf(review) : empty()));
  const [kept, setKept] = useState(() => {
    const found = read(place);
    return found && !same(found.draft, saved) ? found : undefined;
  });
  const [draft, act] = useReducer(reduce, kept?.draft ?? saved);
  const put = (action: Change) => {
    act(action);
    const next = change(draft, action);
    keepDraft(place, same(next, saved) ? undefined : JSON.stringify({ version, draft: next } satisfies Kept));
  };
  const forget = () => keepDraft(place, undefined);
  const discard = () => {
    forget();
    setKept(undefined);
    act({ do: "reset", to: saved });
  };
  return {
    draft,
    put,
    forget,
    discard,
    /** What was kept from an earlier visit; `outdated` when the human review has changed since. */
    kept: kept && { outdated: kept.version !== version },
  };
}
