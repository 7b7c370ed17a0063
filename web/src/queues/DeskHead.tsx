import { Link } from "@tanstack/react-router";
import { ArrowLeft, BookOpen, Check, CloudOff, LoaderCircle } from "lucide-react";
import type { Queue } from "../api/queues";
import { useHere } from "../app/project";
import { useKeyName } from "../keys/keymap";
import { IconButton } from "../ui/Button";
import { count } from "../ui/format";
import type { DeskState } from "./desk";
import { Bar } from "./ProgressBar";
import { isChanged, leftBehind, onScreen, phaseOf, positionOf, progressOf } from "./session";

/** Where a reviewer is in a queue, and whether what they typed is stored. */
export function DeskHead({
  queue,
  state,
  onInstructions,
}: {
  queue: Queue;
  state: DeskState;
  onInstructions: () => void;
}) {
  const { project } = useHere();
  const { session } = state;
  const progress = progressOf(session);
  const entry = onScreen(session);
  const phase = phaseOf(session);
  const position = positionOf(session);
  const name = entry?.review?.span?.summary.name ?? entry?.name ?? "";
  const working = phase === "answering" || phase === "lost";
  const place = working && progress ? `${count(position)} of ${count(Math.max(progress.total, position))}` : "";
  const key = useKeyName("instructions");
  return (
    <header className="flex h-11 shrink-0 items-center gap-x-4 gap-y-1 border-b px-2 max-sm:gap-x-2">
      <Link
        to="/p/$project/queues/$queue"
        params={{ project: project.key, queue: queue.id }}
        className="flex h-8 max-w-56 min-w-0 items-center gap-1.5 rounded-[6px] px-2 text-sm font-medium hover:bg-hover pointer-coarse:h-11 max-sm:max-w-32"
        title={`Leave ${queue.display_name}`}
      >
        <ArrowLeft size={16} aria-hidden className="shrink-0" />
        <span className="truncate">{queue.display_name}</span>
      </Link>
      <h1 className="num text-sm font-semibold whitespace-nowrap">
        <span className="sr-only">Reviewing {queue.display_name}: </span>
        <span>{place}</span>
      </h1>
      {progress && (
        <>
          <div className="min-w-16 flex-1 sm:max-w-80">
            <Bar progress={progress} />
          </div>
          <p className="num hidden text-sm whitespace-nowrap text-ink-2 lg:block">
            mine {count(progress.mine.submitted)} · team {count(progress.completed)} · left {count(progress.mine.left)}
          </p>
        </>
      )}
      <span className="flex-1" />
      <SavedMark state={state} />
      {queue.instructions && (
        <IconButton name="Instructions" shortcut={key} onClick={onInstructions}>
          <BookOpen size={16} aria-hidden />
        </IconButton>
      )}
      <p role="status" className="sr-only">
        {working ? `Item ${place}${name ? `: ${name}` : ""}${entry?.state === "submitted" ? ", done" : ""}` : ""}
      </p>
    </header>
  );
}

function SavedMark({ state: { session, saved } }: { state: DeskState }) {
  const entry = onScreen(session);
  const waits = session.outbox.length;
  const face = session.offline
    ? ([CloudOff, waits > 0 ? `Offline: ${waits} kept here` : "Offline: kept here", "text-warn"] as const)
    : waits > 0 || saved === "saving"
      ? ([LoaderCircle, waits > 0 ? "Sending" : "Saving", "text-ink-3"] as const)
      : saved === "here"
        ? ([CloudOff, "Kept in this browser", "text-warn"] as const)
        : (entry && isChanged(entry)) || leftBehind(session).length > 0
          ? ([Check, "Changed, not submitted", "text-warn"] as const)
          : ([Check, "Saved", "text-good"] as const);
  const [Icon, text, look] = face;
  return (
    <span role="status" data-saved className={`inline-flex items-center gap-1 text-xs whitespace-nowrap ${look}`}>
      <Icon size={14} aria-hidden />
      <span className="max-sm:sr-only">{text}</span>
    </span>
  );
}
