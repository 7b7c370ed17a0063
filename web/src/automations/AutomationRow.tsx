import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Automation } from "../api/automations";
import type { Fields } from "../traces/useTraces";
import { cx } from "../ui/cx";
import { Switch } from "../ui/Switch";
import { Time } from "../ui/Time";
import { ActionChip } from "./ActionChip";
import type { Targets } from "./queries";
import { StateMark } from "./StateMark";
import { filterWords, rateWords, stateOf, totalsWords } from "./words";

/** One automation in the list: what it looks for, what it does, and what it did. */
export function AutomationRow({
  automation,
  project,
  fields,
  targets,
  marked,
  edits,
  busy,
  onPause,
  pauseKey,
}: {
  automation: Automation;
  project: string;
  fields: Fields;
  targets: Targets;
  marked: boolean;
  edits: boolean;
  busy: boolean;
  onPause: (enabled: boolean) => void;
  pauseKey: string | undefined;
}) {
  const { id, name, description, enabled, actions, last_acted_at, last_error } = automation;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (marked) row.current?.scrollIntoView({ block: "nearest" });
  }, [marked]);
  const params = { project, automation: id };
  return (
    <li
      ref={row}
      data-marked={marked || undefined}
      className={cx(
        "grid grid-cols-[44px_minmax(0,1fr)] gap-x-3 gap-y-2 border-b py-3 pr-2 sm:grid-cols-[44px_minmax(0,1fr)_220px]",
        marked && "bg-hover",
      )}
    >
      <span className="flex justify-center self-start pt-0.5 pointer-coarse:-mt-2.5">
        <Switch
          name={`${name} is on`}
          title={pauseKey && `${enabled ? "Pause" : "Switch on"} (${pauseKey})`}
          checked={enabled}
          disabled={!edits || busy}
          onChange={onPause}
        />
      </span>
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3">
          <Link
            to="/p/$project/automations/$automation"
            params={params}
            className="min-w-0 font-medium break-words hover:underline"
          >
            <bdi>{name}</bdi>
          </Link>
          <StateMark automation={automation} />
        </div>
        {description && (
          <p dir="auto" className="line-clamp-2 text-sm text-ink-2">
            {description}
          </p>
        )}
        <p className="mt-1 line-clamp-3 text-sm break-words">
          <bdi>{filterWords(automation, fields)}</bdi>
          <span className="num text-ink-2"> · {rateWords(automation)}</span>
        </p>
        <ul aria-label={`What ${name} does`} className="mt-1.5 flex flex-wrap gap-1">
          {actions.map((action, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: actions have no other name, and their order is theirs
            <ActionChip key={at} action={action} targets={targets} />
          ))}
        </ul>
        {last_error && stateOf(automation) === "failing" && (
          <p className="mt-1.5 text-sm break-words text-bad">
            {last_error.message} <Time iso={last_error.at} className="text-xs text-ink-3" />
          </p>
        )}
      </div>
      <p className="num text-sm text-ink-2 max-sm:col-start-2 sm:text-right">
        <Link
          to="/p/$project/automations/$automation"
          params={params}
          search={{ tab: "runs" }}
          className="hover:text-ink hover:underline"
        >
          {totalsWords(automation)}
          <span className="sr-only">: run log of {name}</span>
        </Link>
        <span className="block text-xs text-ink-3">
          {last_acted_at ? (
            <>
              last acted <Time iso={last_acted_at} />
            </>
          ) : (
            "has not acted yet"
          )}
        </span>
      </p>
    </li>
  );
}
