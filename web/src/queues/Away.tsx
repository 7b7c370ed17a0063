import { Link } from "@tanstack/react-router";
import { CircleCheck, Hourglass, LoaderCircle, WifiOff } from "lucide-react";
import type { ReactNode } from "react";
import type { Queue } from "../api/queues";
import { useHere } from "../app/project";
import { Key } from "../keys/Key";
import { runCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { Skeleton } from "../ui/State";
import { phaseOf, progressOf, type Session } from "./session";

const items = (many: number) => `${count(many)} ${many === 1 ? "item" : "items"}`;

function Panel({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <section
      aria-live="polite"
      aria-label={title}
      className="mx-auto flex max-w-lg flex-col items-start gap-4 p-8 max-sm:p-5"
    >
      {icon}
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </section>
  );
}

/** What this session did, in words. */
function Done({ session }: { session: Session }) {
  const { submitted, skipped, declined } = session.counts;
  const parts = [
    submitted > 0 && `${count(submitted)} judged`,
    skipped > 0 && `${count(skipped)} skipped`,
    declined > 0 && `${count(declined)} declined`,
  ].filter(Boolean);
  return parts.length > 0 ? <p className="text-ink-2">This time: {parts.join(", ")}.</p> : null;
}

function Ways({ queue, session }: { queue: Queue; session: Session }) {
  const { project } = useHere();
  return (
    <div className="flex flex-wrap gap-2">
      <Link
        to="/p/$project/queues"
        params={{ project: project.key }}
        className="inline-flex h-8 items-center rounded-[6px] border border-line-strong bg-sheet px-3 text-sm hover:bg-hover pointer-coarse:h-11"
      >
        All queues
      </Link>
      {session.trail.length > 0 && (
        <Button className="pointer-coarse:h-11" onClick={() => runCommand("previous-item")}>
          Back to the last one <Key id="previous-item" />
        </Button>
      )}
      {session.past.length > 0 && (
        <Button className="pointer-coarse:h-11" onClick={() => runCommand("undo")}>
          Undo <Key id="undo" />
        </Button>
      )}
      <span className="sr-only">{queue.display_name}</span>
    </div>
  );
}

/** What is shown while no item is: loading, sending, nothing for now, done. */
export function Away({ queue, session }: { queue: Queue; session: Session }) {
  const phase = phaseOf(session);
  const progress = progressOf(session);
  if (phase === "loading") return <Skeleton lines={8} />;
  if (phase === "sending")
    return session.offline ? (
      <Panel icon={<WifiOff size={24} aria-hidden className="text-warn" />} title="The server cannot be reached">
        <p className="text-ink-2">
          {items(session.outbox.length)} you judged {session.outbox.length === 1 ? "waits" : "wait"} here and{" "}
          {session.outbox.length === 1 ? "is" : "are"} sent as soon as it answers. Leave this page open.
        </p>
        <Ways queue={queue} session={session} />
      </Panel>
    ) : (
      <Panel icon={<LoaderCircle size={24} aria-hidden className="text-ink-3" />} title="One moment">
        <p className="text-ink-2">What you said is being stored; the next item follows.</p>
      </Panel>
    );
  // Who has judged or declined everything waits for nothing.
  if (phase === "empty" && progress?.mine.left !== 0)
    return (
      <Panel icon={<Hourglass size={24} aria-hidden className="text-ink-2" />} title="Nothing for you now">
        <p className="text-ink-2">
          {session.waiting.length > 0
            ? `The queue is not finished: ${session.waiting
                .map(
                  ({ reviewer, items: many }) =>
                    `${items(many)} ${many === 1 ? "is" : "are"} with ${reviewer.display_name}`,
                )
                .join(", ")}.`
            : "The queue is not finished, but what is left is not for you."}{" "}
          When something comes back, this page goes on by itself.
        </p>
        <Done session={session} />
        <Ways queue={queue} session={session} />
      </Panel>
    );
  return (
    <Panel icon={<CircleCheck size={24} aria-hidden className="text-good" />} title="That was all">
      <Done session={session} />
      {progress && (
        <p className="num text-ink-2">
          In all you judged {items(progress.mine.submitted)} of this queue. {count(progress.completed)} of{" "}
          {count(progress.total)} are complete.
          {progress.orphaned > 0 && ` Of ${items(progress.orphaned)} the trace is gone.`}
        </p>
      )}
      <Ways queue={queue} session={session} />
    </Panel>
  );
}
