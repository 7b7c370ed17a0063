import { useId, useState } from "react";
import { type ApiError, asApiError } from "../api/error";
import type { AnswerValue } from "../api/types";
import { Control } from "../review/Control";
import { useReviews } from "../review/useReviews";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";

interface BulkProps {
  open: boolean;
  onClose: () => void;
  /** Of what it is said, in words. */
  what: string;
  size: number;
  /** How many can be named one by one. */
  most: number | undefined;
  run: (key: string, value: AnswerValue) => Promise<void>;
}

/** Asks what is to be said of everything that is selected. */
export function BulkAnnotate(props: BulkProps) {
  return (
    <Dialog open={props.open} onClose={props.onClose} title={`Annotate ${props.what}`}>
      <Form {...props} />
    </Dialog>
  );
}

function Form({ onClose, what, size, most, run }: BulkProps) {
  const { active } = useReviews();
  const label = useId();
  const [key, setKey] = useState<string>();
  const [value, setValue] = useState<AnswerValue>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const review = active.find((one) => one.key === key) ?? active[0];
  const tooMany = most !== undefined && size > most;
  const submit = () => {
    if (!review || value === undefined) return;
    setBusy(true);
    setError(undefined);
    run(review.key, value)
      .then(onClose, (cause) => setError(asApiError(cause)))
      .finally(() => setBusy(false));
  };
  if (!review)
    return <p className="p-4 text-ink-2">There is no human review to answer yet: make one in the settings.</p>;
  return (
    <form
      className="scroll flex min-h-0 flex-col gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="flex flex-col gap-1 text-sm">
        Human review
        <select
          className="field select"
          value={review.key}
          onChange={(event) => {
            setKey(event.target.value);
            setValue(undefined);
          }}
        >
          {active.map((one) => (
            <option key={one.key} value={one.key}>
              {one.display_name}
            </option>
          ))}
        </select>
      </label>
      <div className="flex flex-col gap-2">
        <h3 id={label} className="text-sm font-medium">
          {review.display_name}
        </h3>
        <Control key={review.key} review={review} label={label} value={value} onAnswer={setValue} />
      </div>
      <p className="text-sm text-ink-2">
        It is said of the first step of each trace, by you. What you said of it before is replaced; its history keeps
        both.
      </p>
      {tooMany && (
        <p role="alert" className="text-sm text-bad">
          At most {most} traces can be chosen one by one. Select all that match instead.
        </p>
      )}
      {error && <ErrorLine error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" disabled={busy || tooMany || value === undefined}>
          Annotate {what}
        </Button>
      </div>
    </form>
  );
}
