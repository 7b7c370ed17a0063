import { type FormEvent, useRef, useState } from "react";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Overlay";

/** Asks why an item is declined. */
export function Decline({ open, onClose, run }: { open: boolean; onClose: () => void; run: (reason: string) => void }) {
  const first = useRef<HTMLTextAreaElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title="Decline this item" focus={first}>
      <Body first={first} onClose={onClose} run={run} />
    </Dialog>
  );
}

const REASONS = ["I cannot judge this", "Something is missing", "It is not for this queue"];

function Body({
  first,
  onClose,
  run,
}: {
  first: React.RefObject<HTMLTextAreaElement | null>;
  onClose: () => void;
  run: (reason: string) => void;
}) {
  const [reason, setReason] = useState("");
  const done = (text: string) => {
    onClose();
    run(text.trim());
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) done(reason);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 p-4">
      <p className="text-sm text-ink-2">It leaves your queue; others may still judge it. Why do you decline it?</p>
      <textarea
        ref={first}
        aria-label="Reason"
        dir="auto"
        rows={2}
        maxLength={1000}
        className="field"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
        }}
      />
      <div className="flex flex-wrap gap-2">
        {REASONS.map((one) => (
          <Button key={one} small className="pointer-coarse:h-11" onClick={() => done(one)}>
            {one}
          </Button>
        ))}
      </div>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={reason.trim() === ""}>
          Decline
        </Button>
      </div>
    </form>
  );
}
