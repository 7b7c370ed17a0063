import { useState } from "react";
import type { DatapointInput } from "../api/datasets";
import { keepDraft, readDraft } from "../review/drafts";
import { changesOf, type Draft, draftOf, EMPTY, isEmpty, readKept } from "./draft";

/** What is typed into a datapoint, kept in the browser until it is saved or undone. */
export function useDraft(place: string, before: (DatapointInput & { updated: string }) | undefined) {
  const first = before ? draftOf(before) : EMPTY;
  const [kept, setKept] = useState(() => readKept(readDraft(place)));
  const draft = kept?.draft ?? first;
  const changes = changesOf(draft, before ?? {});
  const dirty = before ? !isEmpty(changes) : JSON.stringify(draft) !== JSON.stringify(EMPTY);
  const forget = () => {
    keepDraft(place, undefined);
    setKept(undefined);
  };
  const change = (next: Partial<Draft>) => {
    const now = { of: kept?.of ?? before?.updated ?? "", draft: { ...draft, ...next } };
    setKept(now);
    keepDraft(place, JSON.stringify(now));
  };
  const bringBack = (put: Draft) => change(put);
  /** Somebody else saved it after this draft was begun. */
  const overtaken = dirty && kept !== undefined && before !== undefined && kept.of !== before.updated;
  return { draft, changes, dirty, overtaken, change, forget, bringBack };
}
