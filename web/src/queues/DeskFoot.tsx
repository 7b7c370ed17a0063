import { ArrowLeft, ArrowRight, Ban, CornerDownLeft, Database, SkipForward, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { Key } from "../keys/Key";
import type { CommandId } from "../keys/table";
import { runCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { around, isChanged, onScreen, phaseOf, type Session } from "./session";

function Hint({ id, icon, label, off }: { id: CommandId; icon: ReactNode; label: string; off?: boolean }) {
  return (
    <Button
      small
      look="quiet"
      disabled={off}
      onClick={() => runCommand(id)}
      className="pointer-coarse:h-11 max-sm:min-w-11 max-sm:px-1"
    >
      {icon}
      <span className="max-sm:sr-only">{label}</span>
      <Key id={id} />
    </Button>
  );
}

/** What somebody is told who comes back to an item. */
const BACK_AT: Partial<Record<string, string>> = {
  skipped: "You skipped this item",
  declined: "You declined this item",
};

/** What can be done with the item on the screen, and with which key. */
export function DeskFoot({
  session,
  submit,
  keeps,
  told,
}: {
  session: Session;
  submit: () => void;
  /** Whether the item can be added to a dataset. */
  keeps: boolean;
  /** What was done last, such as what was undone. */
  told: string;
}) {
  const { before, after } = around(session);
  const entry = onScreen(session);
  const phase = phaseOf(session);
  const open = phase === "answering" && entry?.state !== "submitted";
  const said = told || (phase === "answering" && entry ? (BACK_AT[entry.state] ?? "") : "");
  return (
    <footer className="flex min-h-12 shrink-0 items-center gap-1 border-t px-2 max-sm:pb-[env(safe-area-inset-bottom)]">
      <Hint id="previous-item" icon={<ArrowLeft size={14} aria-hidden />} label="Back" off={!before} />
      {after && <Hint id="next-item" icon={<ArrowRight size={14} aria-hidden />} label="On" />}
      <Hint id="skip-item" icon={<SkipForward size={14} aria-hidden />} label="Skip" off={!open} />
      <Hint id="decline-item" icon={<Ban size={14} aria-hidden />} label="Decline" off={!open} />
      <Hint id="undo" icon={<Undo2 size={14} aria-hidden />} label="Undo" off={session.past.length === 0} />
      {keeps && (
        // On a phone there is no room beside the way on.
        <span className={cx(after && "max-sm:hidden")}>
          <Hint id="add-to-dataset" icon={<Database size={14} aria-hidden />} label="To a dataset" />
        </span>
      )}
      <p role="status" className="min-w-0 flex-1 truncate px-2 text-sm text-ink-2" title={said || undefined}>
        {said}
      </p>
      {phase === "answering" && (
        <Button look="primary" className="pointer-coarse:h-11" disabled={entry?.review?.orphaned} onClick={submit}>
          <CornerDownLeft size={14} aria-hidden />
          {entry?.state === "submitted" ? (
            isChanged(entry) ? (
              <span>
                Submit<span className="max-sm:hidden"> the change</span>
              </span>
            ) : (
              "Next"
            )
          ) : (
            <span>
              Submit<span className="max-sm:hidden"> and next</span>
            </span>
          )}
          <Key id="submit-item" />
        </Button>
      )}
    </footer>
  );
}
