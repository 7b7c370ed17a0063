import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed } from "lucide-react";
import type { DryRun as Answer, DryRunTrace } from "../api/automations";
import { asApiError } from "../api/error";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Select } from "../ui/Field";
import { count } from "../ui/format";
import { ErrorLine, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { Asked } from "./Asked";
import type { DryRunState } from "./useDryRun";

export const DAYS = [1, 7, 30, 90];
const lastDays = (days: number) => (days === 1 ? "the last day" : `the last ${days} days`);

/** What the automation would have done, in a sentence. */
export const dryRunWords = ({ would_act, looked_at, days }: Answer): string =>
  `Would act on ${count(would_act)} of ${count(looked_at)} ${looked_at === 1 ? "trace" : "traces"} of ${lastDays(days)}`;

/** What the automation would have done with the traces of the last days, while it is written. */
export function DryRun({
  state,
  days,
  onDays,
  missing,
  drawn,
  refused,
}: {
  state: DryRunState;
  days: number;
  onDays: (days: number) => void;
  /** What keeps it from being asked. */
  missing: string | undefined;
  /** Its sample is drawn only when it is saved. */
  drawn: boolean;
  /** What was asked is wrong, which is said at its field. */
  refused: boolean;
}) {
  const { query, waits, old } = state;
  const { data: answer, error } = query;
  return (
    <section aria-label="Dry run" className="min-w-0">
      <div className="mb-2 flex items-center gap-2">
        <h2 className="text-md font-semibold">What it would do</h2>
        <span aria-hidden className="mr-auto text-xs text-ink-3">
          {old && !waits && answer && "looking…"}
        </span>
        <Select
          aria-label="With the traces of"
          className="w-auto!"
          value={String(days)}
          onChange={(event) => onDays(Number(event.target.value))}
          options={DAYS.map((one) => ({ value: String(one), label: one === 1 ? "Last day" : `Last ${one} days` }))}
        />
      </div>
      {waits && missing && (
        <p className="mb-3 text-sm text-warn">
          {missing} {answer && "Until then, this is what it would have done before:"}
        </p>
      )}
      {error && !waits && (
        <div className="flex flex-col items-start gap-2">
          {refused ? (
            <p className="text-sm text-warn">This waits until what is marked is right.</p>
          ) : (
            <ErrorLine error={asApiError(error)} />
          )}
          {!refused && (
            <Button small onClick={() => void query.refetch()}>
              Try again
            </Button>
          )}
        </div>
      )}
      {!answer && !error && !waits && <Skeleton lines={6} className="px-0" />}
      {answer && !error && <Told answer={answer} old={old || waits} drawn={drawn} />}
    </section>
  );
}

function Told({ answer, old, drawn }: { answer: Answer; old: boolean; drawn: boolean }) {
  const { would_act, acted_before, looked_at, truncated, matches, days, strata, traces } = answer;
  const grouped = strata.reduce((sum, { matches }) => sum + matches, 0);
  const chosen = strata.reduce((sum, { would_act }) => sum + would_act, 0);
  const rest = { name: "The rest", matches: matches - grouped, would_act: would_act - chosen };
  const rows = strata.length > 0 && rest.matches > 0 ? [...strata, rest] : strata;
  return (
    <div aria-busy={old}>
      <p role="status" className="num mb-3 text-ink-2">
        Would act on <strong className="text-ink">{count(would_act)}</strong> of {count(looked_at)}{" "}
        {looked_at === 1 ? "trace" : "traces"} of {lastDays(days)}.{" "}
        {looked_at > 0 && `${count(matches)} ${matches === 1 ? "fits" : "fit"} the filter.`}
        {acted_before > 0 &&
          ` On ${acted_before === would_act ? "all of these" : `${count(acted_before)} of these`} it acted before, and does not again.`}
        {truncated && " More came in this time: the oldest were left out."}
      </p>
      {rows.length > 0 && (
        <table className="num mb-4 w-full text-sm">
          <thead className="text-xs text-ink-3">
            <tr className="border-b">
              <th className="py-1 text-left font-normal">Group</th>
              <th className="w-16 py-1 text-right font-normal">Fit</th>
              <th className="w-20 py-1 text-right font-normal">Acted on</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, matches, would_act }) => (
              <tr key={name} className="border-b">
                <th scope="row" className="max-w-0 truncate py-1.5 text-left font-normal" title={name}>
                  <bdi>{name}</bdi>
                </th>
                <td className="text-right text-ink-2">{count(matches)}</td>
                <td className="text-right">{count(would_act)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {looked_at === 0 && <p className="text-sm text-ink-3">No trace came in this time: choose a longer one.</p>}
      {looked_at > 0 && traces.length === 0 && (
        <p className="text-sm text-ink-3">No trace of this time fits: change the filter, or choose a longer time.</p>
      )}
      {traces.length > 0 && (
        <>
          <h3 className="mb-1 text-xs text-ink-3">
            {traces.length < matches ? `The latest ${count(traces.length)} that fit` : "Those that fit"}
          </h3>
          {drawn && (
            <p className="mb-1.5 text-xs text-ink-3">
              The share stays. Which of them are chosen is drawn when it is saved.
            </p>
          )}
          <ul aria-label="Traces that fit" className="border-t">
            {traces.map((trace) => (
              <TraceLine key={trace.trace_id} trace={trace} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function TraceLine({ trace }: { trace: DryRunTrace }) {
  const { project } = useHere();
  const { trace_id, name, input, start_time, acts, reason } = trace;
  const Icon = acts ? CircleCheck : CircleDashed;
  return (
    <li className="flex gap-2 border-b py-1.5 text-sm">
      <Icon size={14} aria-hidden className={cx("mt-0.5 shrink-0", acts ? "text-good" : "text-ink-3")} />
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline gap-2">
          <Link
            to="/p/$project/traces/$trace"
            params={{ project: project.key, trace: trace_id }}
            className="min-w-0 flex-1 truncate font-medium hover:underline"
          >
            <bdi>{name || trace_id}</bdi>
            {input && <Asked text={input} />}
          </Link>
          {start_time && <Time iso={start_time} className="shrink-0 text-xs text-ink-3" />}
        </div>
        <p className="text-xs break-words text-ink-2">{reason}</p>
      </div>
    </li>
  );
}
