import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { Automation } from "../api/automations";
import type { Job } from "../api/types";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { useAutomations } from "./queries";

/** The day of an instant as a date field writes it. */
function localDay(instant: number): string {
  const date = new Date(instant);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The whole days that were chosen, where whoever chose them is. */
const timeOf = (from: string, to: string) => ({
  from: new Date(`${from}T00:00:00`).toISOString(),
  to: new Date(`${to}T23:59:59.999`).toISOString(),
});

/** Asks from when to when what came before is put through an automation. */
export function BackFill({
  automation,
  open,
  unsaved,
  onClose,
  start,
}: {
  automation: Automation;
  open: boolean;
  /** Something is written that is not saved. */
  unsaved: boolean;
  onClose: () => void;
  start: (begin: () => Promise<Job>) => Promise<void>;
}) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={open} onClose={onClose} title={`Back-fill ${automation.name}`} focus={first}>
      <Asking automation={automation} unsaved={unsaved} onClose={onClose} start={start} first={first} />
    </Dialog>
  );
}

function Asking({
  automation,
  unsaved,
  onClose,
  start,
  first,
}: Omit<Parameters<typeof BackFill>[0], "open"> & { first: React.RefObject<HTMLInputElement | null> }) {
  const { api, project } = useHere();
  const automations = useAutomations();
  const [from, setFrom] = useState(() => localDay(Date.now() - 7 * 86_400_000));
  const [to, setTo] = useState(() => localDay(Date.now()));
  const { busy, error, run } = useWork();
  const wrong =
    from === "" || to === ""
      ? "Choose both days."
      : from > to
        ? "The first day is after the last: turn them around."
        : undefined;
  const { filters, filter_operator, query } = automation;
  const which = {
    ...(filters ? { filters } : {}),
    ...(filter_operator ? { filter_operator } : {}),
    ...(query ? { query } : {}),
  };
  const fits = useQuery({
    queryKey: [project.key, "back-fill", automation.id, automation.version, from, to],
    queryFn: async () => (await api.aggregateTraces({ ...which, ...timeOf(from, to) })).data[0]?.metrics.count ?? 0,
    enabled: wrong === undefined,
    retry: false,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    void run(async () => {
      await start(() => automations.api.backFill(automation.id, timeOf(from, to)));
      onClose();
    });
  };
  const day = (label: string, value: string, put: (to: string) => void, ref?: typeof first) => (
    <label className="flex flex-col gap-1 text-sm font-medium">
      {label}
      <input
        ref={ref}
        type="date"
        className="field num w-44! font-normal"
        max={localDay(Date.now())}
        aria-invalid={wrong !== undefined}
        value={value}
        onChange={(event) => put(event.target.value)}
      />
    </label>
  );
  return (
    <form onSubmit={submit} noValidate>
      <div className="flex flex-col gap-3 px-4 py-4">
        <p className="text-ink-2">
          Traces that came in this time are put through the automation as if they came now. Those it has acted on are
          left alone.
        </p>
        <div className="flex flex-wrap gap-4">
          {day("From", from, setFrom, first)}
          {day("To, this day too", to, setTo)}
        </div>
        <p role="status" className="num min-h-5 text-sm text-ink-2">
          {!wrong && fits.data !== undefined && (
            <>
              {count(fits.data)} {fits.data === 1 ? "trace fits" : "traces fit"} the filter.
            </>
          )}
        </p>
        {wrong && (
          <p role="alert" className="text-sm text-bad">
            {wrong}
          </p>
        )}
        {unsaved && <p className="text-sm text-warn">What is saved counts, not what you are writing.</p>}
        {!automation.enabled && (
          <p className="text-sm text-ink-2">The automation is paused, and stays so: only this time is looked at.</p>
        )}
        {[automation, ...automation.strata].some(({ per_day }) => per_day !== undefined) && (
          <p className="text-sm text-ink-2">What is over the quota of today is left for a back-fill on another day.</p>
        )}
        {error && <ErrorLine error={error} />}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy || wrong !== undefined}>
          Back-fill
        </Button>
      </div>
    </form>
  );
}
