import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Play } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Queue } from "../api/queues";
import { useHere } from "../app/project";
import { Key } from "../keys/Key";
import { useKeyName } from "../keys/keymap";
import { COMMANDS, type CommandId } from "../keys/table";
import { useCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";
import { day } from "../ui/dates";
import { count } from "../ui/format";
import { Markdown } from "../ui/Markdown";
import { changedHere } from "./desk";
import { effort } from "./effort";
import { Bar } from "./ProgressBar";
import { useQueuesApi } from "./useDesk";

const SHOWN: CommandId[] = [
  "next-question",
  "submit-item",
  "skip-item",
  "decline-item",
  "undo",
  "redo",
  "correct-item",
  "note",
  "flag",
  "previous-item",
  "whole-trace",
  "key-sheet",
];

const KEY_ROW = "flex min-h-7 items-center gap-2 border-b";

/** Before the first item: what this is about, how much it is, and which keys there are. */
export function StartPage({ queue, start }: { queue: Queue; start: () => void }) {
  const { project } = useHere();
  const api = useQueuesApi();
  const button = useRef<HTMLButtonElement>(null);
  const mine = useQuery({
    queryKey: [project.key, "queue", queue.id, "mine"],
    queryFn: async () => (await api.mine(queue.id, 200)).data,
  });
  useEffect(() => button.current?.focus(), []);
  useCommand("submit-item", start, { once: true });
  const { progress, overlap, blind } = queue;
  const { left, submitted } = progress.mine;
  const [firstOption, lastOption] = [useKeyName("option-1"), useKeyName("option-9")];
  const changed = changedHere(queue.id, mine.data ?? []);
  const isDone = left === 0 && submitted > 0 && changed.length === 0;
  const time = effort(mine.data ?? [], left);
  return (
    <div className="scroll h-full">
      <div className="mx-auto max-w-[860px] px-4 py-6 lg:px-8">
        <Link
          to="/p/$project/queues"
          params={{ project: project.key }}
          className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-ink pointer-coarse:min-h-11"
        >
          <ArrowLeft size={14} aria-hidden /> Queues
        </Link>
        <h1 className="text-lg font-semibold break-words">{queue.display_name}</h1>
        {queue.description && <p className="mt-1 max-w-[64ch] text-ink-2">{queue.description}</p>}
        <div className="my-5 flex flex-wrap items-center gap-4">
          <Button ref={button} look="primary" className="h-10 px-4 text-base pointer-coarse:h-11" onClick={start}>
            <Play size={16} aria-hidden /> {isDone ? "Look at what you judged" : submitted > 0 ? "Go on" : "Start"}{" "}
            <Key id="submit-item" />
          </Button>
          <div className="num min-w-56 flex-1 text-sm text-ink-2">
            <p className="mb-1.5">
              <span className="font-medium text-ink">
                {count(left)} {left === 1 ? "item is" : "items are"} left for you
              </span>{" "}
              of {count(progress.total)}
              {time && `: ${time}`}
              {queue.due_at && `, by ${day(queue.due_at)}`}
            </p>
            <Bar progress={progress} />
          </div>
        </div>
        {changed.length > 0 && (
          <p role="status" className="mb-6 bg-warn-soft px-3 py-2 text-sm text-warn">
            {changed.length === 1
              ? `Your change of ${changed[0]?.name ? `“${changed[0].name}”` : "an item"} is not submitted.`
              : `Your changes of ${count(changed.length)} items are not submitted.`}{" "}
            Go on to submit {changed.length === 1 ? "it" : "them"}.
          </p>
        )}
        {queue.instructions && (
          <section aria-label="Instructions" className="mb-6 border-s-2 border-s-accent bg-sheet px-4 py-3">
            <Markdown text={queue.instructions} />
          </section>
        )}
        <p className="mb-6 max-w-[64ch] text-sm text-ink-2">
          {overlap > 1 ? `${overlap} people judge each item. ` : "One person judges each item. "}
          {blind
            ? "Nobody who judges an item sees what another said of it before it is complete. "
            : "You see what others said of an item. "}
          What you write is saved as you go, and everything can be undone, also after it was submitted.
        </p>
        <section aria-label="Keys" className="pointer-coarse:hidden max-sm:hidden">
          <h2 className="mb-2 text-sm font-semibold">Keys</h2>
          <ul className="grid gap-x-8 gap-y-1 text-sm sm:grid-cols-2">
            <li className={KEY_ROW}>
              <span className="flex-1 text-ink-2">Choose an option</span>
              <kbd className="kbd" aria-hidden>
                {firstOption}–{lastOption}
              </kbd>
            </li>
            {SHOWN.filter((id) => id !== "correct-item" || queue.correction !== "none").map((id) => (
              <li key={id} className={KEY_ROW}>
                <span className="flex-1 text-ink-2">{COMMANDS[id].label}</span>
                <Key id={id} />
              </li>
            ))}
          </ul>
        </section>
      </div>
    </div>
  );
}
