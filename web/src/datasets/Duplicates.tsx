import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { Dataset } from "../api/datasets";
import { asApiError } from "../api/error";
import { Button } from "../ui/Button";
import { count, oneLine } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine, Skeleton } from "../ui/State";
import { toast } from "../ui/Toast";
import { useWork } from "../ui/useWork";
import { questionOf } from "./message";
import { useDatasets } from "./queries";

interface DuplicatesProps {
  open: boolean;
  onClose: () => void;
  dataset: Dataset;
}

/** What a dataset holds more than once, and the way to be rid of it. */
export function Duplicates(props: DuplicatesProps) {
  const first = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={`Duplicates in ${props.dataset.display_name}`}
      focus={first}
    >
      <Body {...props} first={first} />
    </Dialog>
  );
}

function Body({ onClose, dataset, first }: DuplicatesProps & { first: React.RefObject<HTMLButtonElement | null> }) {
  const { api, duplicates, changed } = useDatasets();
  const found = useQuery(duplicates(dataset._id));
  const { busy, error, run } = useWork();
  const surplus = found.data?.surplus ?? 0;
  const remove = () =>
    void run(async () => {
      const { removed } = await api.removeDuplicates(dataset._id);
      changed(dataset._id);
      toast(`${count(removed)} removed`);
      onClose();
    });
  return (
    <div className="flex min-h-0 flex-col">
      <div className="scroll flex min-h-0 flex-col gap-3 px-4 py-4">
        {found.isPending && <Skeleton lines={3} className="px-0" />}
        {found.error && <ErrorLine error={asApiError(found.error)} />}
        {found.isSuccess && surplus === 0 && <p className="text-sm text-ink-2">Nothing is in it more than once.</p>}
        {surplus > 0 && (
          <>
            <p className="text-sm text-ink-2">
              The same inputs, messages and expected output more than once. Of each, the first stays; what was said of
              the others goes with them. Snapshots keep them.
            </p>
            <ul aria-label="Duplicates" className="border-t">
              {found.data?.data.map(({ content_hash, count: times, first: shown }) => (
                <li key={content_hash} className="flex min-h-10 items-center gap-3 border-b text-sm">
                  <span className="min-w-0 flex-1 truncate" dir="auto">
                    {oneLine(questionOf(shown) || shown.expected_output) || JSON.stringify(shown.inputs ?? {})}
                  </span>
                  <span className="num shrink-0 text-ink-2">{count(times)} times</span>
                </li>
              ))}
            </ul>
            {found.data?.has_more && <p className="text-xs text-ink-2">And more.</p>}
          </>
        )}
        {error && <ErrorLine error={error} />}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button ref={first} onClick={onClose}>
          {surplus > 0 ? "Cancel" : "Close"}
        </Button>
        {surplus > 0 && (
          <Button look="danger" disabled={busy} onClick={remove}>
            Remove {count(surplus)}
          </Button>
        )}
      </div>
    </div>
  );
}
