import { useState } from "react";
import type { Automation } from "../api/automations";
import { keepDraft, readDraft } from "../review/drafts";
import { type Draft, draftOf, empty } from "./draft";

interface Kept {
  /** What was being changed, as it was saved then. */
  of: string;
  draft: Draft;
}

function read(place: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(readDraft(place) ?? "null");
    const looksRight = typeof kept === "object" && kept !== null && "of" in kept && "draft" in kept;
    // A draft of an older form of the page is filled up with what it did not know.
    return looksRight ? { ...(kept as Kept), draft: { ...empty(), ...(kept as Kept).draft } } : undefined;
  } catch {
    return undefined;
  }
}

/** A draft as text, to tell whether it is another. */
export const textOf = (draft: Draft): string => JSON.stringify(draft);

/** An automation while it is written: kept in the browser until it is saved or discarded. */
export function useDraft(project: string, automation: Automation | undefined, filter: string | undefined) {
  // A filter that is taken over begins another draft than the page of a new automation.
  const place = `automation ${project} ${automation?.id ?? `new ${filter ?? ""}`.trim()}`;
  const [saved] = useState(() => (automation ? draftOf(automation) : empty(filter)));
  const [kept, setKept] = useState(() => {
    const found = read(place);
    return found && textOf(found.draft) !== textOf(saved) ? found : undefined;
  });
  const [draft, setDraft] = useState(kept?.draft ?? saved);
  const set = (to: Partial<Draft>) =>
    setDraft((now) => {
      const next = { ...now, ...to };
      keepDraft(
        place,
        textOf(next) === textOf(saved) ? undefined : JSON.stringify({ of: textOf(saved), draft: next } satisfies Kept),
      );
      return next;
    });
  const forget = () => keepDraft(place, undefined);
  const discard = () => {
    forget();
    setKept(undefined);
    setDraft(saved);
  };
  return {
    draft,
    set,
    forget,
    discard,
    dirty: textOf(draft) !== textOf(saved),
    /** What was kept from an earlier visit; `outdated` when the automation has changed since. */
    kept: kept && { outdated: kept.of !== textOf(saved) },
  };
}
