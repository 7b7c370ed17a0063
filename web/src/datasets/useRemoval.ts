import { useEffect, useRef, useState } from "react";
import { asApiError } from "../api/error";
import { toast } from "../ui/Toast";
import { useDatasets } from "./queries";

/** For how long a removal can be taken back: as long as the message says so. */
const PATIENCE = 10_000;

/**
 * Removes datapoints so that it can be undone: they go from the page at once, and from the server when the time to undo
 * is over or the page is left. What came from a trace could not be made again as it was.
 */
export function useRemoval(dataset: string) {
  const { api, changed } = useDatasets();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const waiting = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  const show = (id: string) =>
    setHidden((before) => {
      const after = new Set(before);
      after.delete(id);
      return after;
    });
  const send = (id: string) => {
    clearTimeout(waiting.current.get(id));
    waiting.current.delete(id);
    api.removeDatapoint(dataset, id).then(
      () => changed(dataset),
      (cause) => {
        const error = asApiError(cause);
        if (error.status === 404) return changed(dataset);
        show(id);
        toast(error.message, { bad: true });
      },
    );
  };
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => {
    const all = waiting.current;
    const flush = () => {
      for (const id of [...all.keys()]) latest.current(id);
    };
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, []);
  const remove = (id: string) => {
    setHidden((before) => new Set([...before, id]));
    waiting.current.set(
      id,
      setTimeout(() => latest.current(id), PATIENCE),
    );
    const undo = () => {
      const timer = waiting.current.get(id);
      if (timer === undefined) return toast("It is too late: the datapoint is gone.");
      clearTimeout(timer);
      waiting.current.delete(id);
      show(id);
    };
    toast("Datapoint deleted", { action: { label: "Undo", run: undo } });
  };
  /** What is deleted goes now: something else is about to look at the dataset. */
  const settle = () => {
    for (const id of [...waiting.current.keys()]) send(id);
  };
  return { hidden, remove, settle };
}
