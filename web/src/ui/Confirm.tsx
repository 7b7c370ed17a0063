import { type ReactNode, useRef, useState } from "react";
import { Button } from "./Button";
import { type Fault, faultOf } from "./fault";
import { Dialog } from "./Overlay";
import { ErrorLine } from "./State";

/** Asks before something that cannot be undone, and stays open when it fails. */
export function Confirm({
  open,
  onClose,
  title,
  action,
  run,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What the button that does it says. */
  action: string;
  run: () => Promise<unknown>;
  children: ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Fault | null>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const close = () => {
    setError(null);
    onClose();
  };
  const go = () => {
    setBusy(true);
    setError(null);
    run()
      .then(close, (cause) => setError(faultOf(cause)))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog open={open} onClose={close} title={title} focus={cancel}>
      <div className="flex flex-col gap-3 px-4 py-4 text-ink-2">
        {children}
        {error && <ErrorLine error={error} />}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button ref={cancel} onClick={close}>
          Cancel
        </Button>
        <Button look="danger" disabled={busy} onClick={go}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
