import { useCallback, useMemo, useRef, useState } from "react";
import type { TraceSummary } from "../api/types";

/** Which traces somebody means: some that are loaded, or all that match. */
export interface Selection {
  has: (id: string) => boolean;
  size: number;
  ids: string[];
  /** Every trace that matches, loaded or not. */
  matching: boolean;
  allLoaded: boolean;
  /** With `range`, everything from the one that was chosen before. */
  toggle: (id: string, range?: boolean) => void;
  toggleLoaded: () => void;
  selectMatching: () => void;
  clear: () => void;
}

/** The selection of a list; another question (`of`) begins an empty one. */
export function useSelection(rows: TraceSummary[], of: string): Selection {
  const [chosen, setChosen] = useState<{ of: string; ids: ReadonlySet<string>; matching: boolean }>({
    of,
    ids: new Set(),
    matching: false,
  });
  const last = useRef<string>(undefined);
  const order = useRef<string[]>([]);
  order.current = useMemo(() => rows.map(({ trace_id }) => trace_id), [rows]);
  const current = chosen.of === of ? chosen : { of, ids: new Set<string>(), matching: false };
  const latest = useRef(current);
  latest.current = current;
  const choose = useCallback(
    (ids: ReadonlySet<string>, matching = false) => setChosen({ of: latest.current.of, ids, matching }),
    [],
  );
  const toggle = useCallback(
    (id: string, range = false) => {
      const { ids, matching } = latest.current;
      const next = new Set(matching ? order.current : ids);
      const from = range && last.current ? order.current.indexOf(last.current) : -1;
      const to = order.current.indexOf(id);
      const adds = !next.has(id);
      const touched = from >= 0 ? order.current.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
      for (const one of touched) {
        if (adds || from >= 0) next.add(one);
        else next.delete(one);
      }
      last.current = id;
      choose(next);
    },
    [choose],
  );
  const { ids, matching } = current;
  const allLoaded = rows.length > 0 && (matching || rows.every(({ trace_id }) => ids.has(trace_id)));
  return {
    has: (id) => matching || ids.has(id),
    size: matching ? rows.length : ids.size,
    ids: [...ids],
    matching,
    allLoaded,
    toggle,
    toggleLoaded: () => choose(new Set(allLoaded ? [] : order.current)),
    selectMatching: () => choose(new Set(), true),
    clear: () => choose(new Set()),
  };
}
