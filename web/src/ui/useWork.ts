import { useState } from "react";
import { type Fault, faultOf } from "./fault";

/** One thing that is sent: whether it is on its way, and why it was refused. */
export function useWork() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<(Fault & { field?: string | undefined }) | null>(null);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (cause) {
      setError(faultOf(cause));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run, clear: () => setError(null) };
}
