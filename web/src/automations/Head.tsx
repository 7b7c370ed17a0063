import { Link } from "@tanstack/react-router";
import { ArrowLeft, History, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Automation } from "../api/automations";
import { may, useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useKeyName } from "../keys/keymap";
import { Button } from "../ui/Button";
import { Switch } from "../ui/Switch";
import { Time } from "../ui/Time";
import { StateMark } from "./StateMark";
import { stateOf, totalsWords } from "./words";

/** The head of an automation: whether it acts, what it did, and what can be done with it as a whole. */
export function Head({
  automation,
  busy,
  onPause,
  onBackFill,
  onDelete,
  progress,
}: {
  automation: Automation | undefined;
  busy?: boolean;
  onPause?: (enabled: boolean) => void;
  onBackFill?: (() => void) | undefined;
  onDelete?: () => void;
  /** How far a back-fill is. */
  progress?: ReactNode;
}) {
  const here = useHere();
  const edits = may(here, "define");
  const pauseKey = useKeyName("pause-automation");
  const deleteKey = useKeyName("delete-automation");
  return (
    <header className="mx-auto w-full max-w-[1280px] shrink-0 px-4 pt-4 pb-2 lg:px-8">
      <Link
        to="/p/$project/automations"
        params={{ project: here.project.key }}
        className="mb-1.5 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink"
      >
        <ArrowLeft size={14} aria-hidden /> Automations
      </Link>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 text-lg font-semibold break-words max-sm:w-full">
          {automation ? <bdi>{automation.name}</bdi> : "New automation"}
        </h1>
        {automation && (
          <>
            <span className="mr-auto flex items-center gap-2">
              <Switch
                name={`${automation.name} is on`}
                title={`${automation.enabled ? "Pause" : "Switch on"}${pauseKey ? ` (${pauseKey})` : ""}`}
                checked={automation.enabled}
                disabled={!edits || busy === true}
                onChange={(to) => onPause?.(to)}
              />
              <StateMark automation={automation} />
            </span>
            {progress}
            {edits && (
              <>
                {onBackFill && (
                  <Button onClick={onBackFill} className="pointer-coarse:h-11">
                    <History size={14} aria-hidden /> Back-fill <Key id="back-fill" />
                  </Button>
                )}
                <Button
                  look="danger"
                  aria-label="Delete the automation"
                  title={deleteKey && `Delete the automation (${deleteKey})`}
                  onClick={onDelete}
                  className="pointer-coarse:h-11"
                >
                  <Trash2 size={14} aria-hidden />
                </Button>
              </>
            )}
          </>
        )}
      </div>
      {automation && (
        <p className="num mt-1 text-sm text-ink-2">
          {totalsWords(automation)}
          {automation.last_acted_at && (
            <>
              , last acted <Time iso={automation.last_acted_at} />
            </>
          )}
        </p>
      )}
      {automation?.last_error && stateOf(automation) === "failing" && (
        <p role="status" className="mt-2 rounded-[6px] bg-bad-soft px-3 py-2 text-sm break-words text-bad">
          It failed <Time iso={automation.last_error.at} />: {automation.last_error.message}
        </p>
      )}
    </header>
  );
}
