import { useRef, useState } from "react";
import { settingsApi } from "../api";
import type { Queue } from "../api/queues";
import type { Invite } from "../api/settings";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/Copy";
import { day } from "../ui/dates";
import { Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";

const DAYS = [1, 7, 30, 90].map((days) => ({ value: String(days), label: days === 1 ? "1 day" : `${days} days` }));

/** A link that makes whoever opens it a reviewer of this queue, and of nothing else. */
export function QueueInvite({ open, onClose, queue }: { open: boolean; onClose: () => void; queue: Queue }) {
  const first = useRef<HTMLSelectElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title={`Invite a reviewer to ${queue.display_name}`} focus={first}>
      <Body first={first} queue={queue} onClose={onClose} />
    </Dialog>
  );
}

function Body({
  first,
  queue,
  onClose,
}: {
  first: React.RefObject<HTMLSelectElement | null>;
  queue: Queue;
  onClose: () => void;
}) {
  const { project } = useHere();
  const [days, setDays] = useState("7");
  const [made, setMade] = useState<Invite>();
  const { busy, error, run } = useWork();
  const make = () =>
    void run(async () => {
      const body = { role: "reviewer", expires_in_days: Number(days), queue_id: queue.id };
      setMade(await settingsApi(project.project_id).invite(body));
    });
  const link = made?.path && `${window.location.origin}${made.path}`;
  return (
    <div className="flex flex-col gap-4 p-4">
      <p className="text-sm text-ink-2">
        Whoever opens the link joins as a reviewer and sees this queue, and nothing else of the project. It works once.
      </p>
      {link ? (
        <div>
          <div className="flex items-center gap-1 rounded-[6px] border bg-well pr-1 pl-3">
            <code className="min-w-0 flex-1 py-2 font-mono text-sm break-all select-all">{link}</code>
            <CopyButton text={link} name="Copy the link" />
          </div>
          <p className="mt-1 text-xs text-ink-2">It is shown only this once, and ends {day(made.expires_at)}.</p>
        </div>
      ) : (
        <label htmlFor="queue-invite-days" className="text-sm font-medium">
          Link is valid for
          <Select
            ref={first}
            id="queue-invite-days"
            className="mt-1"
            value={days}
            onChange={(event) => setDays(event.target.value)}
            options={DAYS}
          />
        </label>
      )}
      {error && <ErrorLine error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{made ? "Done" : "Cancel"}</Button>
        {!made && (
          <Button look="primary" disabled={busy} onClick={make}>
            Make the link
          </Button>
        )}
      </div>
    </div>
  );
}
