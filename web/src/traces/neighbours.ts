import { createContext, use } from "react";

/** The way from a trace to the next one of its list. */
export interface Neighbours {
  position: number;
  /** The span that the list shows of the open trace, if the trace is in it. */
  leading: string | undefined;
  loaded: number;
  next: (() => void) | undefined;
  previous: (() => void) | undefined;
  close: () => void;
}

export const NeighboursContext = createContext<Neighbours | null>(null);

export function useNeighbours(): Neighbours {
  const found = use(NeighboursContext);
  if (!found) throw new Error("shown outside of a list of traces");
  return found;
}
