import { useState } from "react";
import { asApiError } from "../api/error";
import { Key } from "../keys/Key";
import { Button } from "../ui/Button";
import { toast } from "../ui/Toast";
import type { Entry } from "./session";

const WHY: Record<string, string> = {
  lease_lost: "You were away for longer than this queue keeps an item, so it went back to the others.",
  item_complete: "Enough others judged this item meanwhile.",
  submitted_elsewhere: "You submitted this item on another device.",
  item_taken: "Somebody else has this item by now, so it could not be given back.",
  queue_item_not_found: "This item was taken out of the queue.",
  queue_not_found: "This queue was removed.",
};

/** Says that an item is not this reviewer's any more, and that what they wrote is kept. */
export function Lost({ entry, again, goOn }: { entry: Entry; again: () => Promise<boolean>; goOn: () => void }) {
  const [busy, setBusy] = useState(false);
  const code = entry.lost?.code ?? "";
  const elsewhere = code === "submitted_elsewhere";
  const retry = () => {
    setBusy(true);
    again()
      .then(
        (came) => came || toast("It is with somebody else now. What you wrote is kept as a draft."),
        (cause) => toast(asApiError(cause).message, { bad: true }),
      )
      .finally(() => setBusy(false));
  };
  return (
    <div role="alert" className="flex flex-col items-start gap-2 border-b bg-warn-soft px-3 py-3 text-sm">
      <p className="font-semibold text-warn">{elsewhere ? "This item is done" : "This item is not yours any more"}</p>
      <p>{WHY[code] ?? entry.lost?.message}</p>
      <p>
        {elsewhere
          ? "What you said there counts. What you wrote here was not submitted."
          : "What you wrote is kept as a draft: it is here again if the item comes back to you."}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" className="pointer-coarse:h-11" onClick={goOn}>
          Go on with the next <Key id="submit-item" />
        </Button>
        {code === "lease_lost" && (
          <Button className="pointer-coarse:h-11" disabled={busy} onClick={retry}>
            Ask for it again
          </Button>
        )}
      </div>
    </div>
  );
}
