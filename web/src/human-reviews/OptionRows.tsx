import { ArrowDown, ArrowUp, GripVertical, Plus, Trash2 } from "lucide-react";
import type { Sentiment } from "../api/types";
import { SentimentMark } from "../review/sentiment";
import { Button, IconButton } from "../ui/Button";
import { cx } from "../ui/cx";
import { Menu } from "../ui/Menu";
import { useReorder } from "../ui/useReorder";
import type { Change, Draft } from "./draft";

const SENTIMENTS: Sentiment[] = ["positive", "neutral", "negative"];

/** The options of a select: value, sentiment, what it means; in the order in which they are shown. */
export function OptionRows({
  draft,
  change,
  usage,
}: {
  draft: Draft;
  change: (action: Change) => void;
  usage: Map<string, number>;
}) {
  const rows = draft.options.map(({ row }) => row);
  const { dragged, row, handle } = useReorder(rows, (moved, by) => change({ do: "move", row: moved, by }));
  return (
    <div>
      <ol aria-label="Options" className="flex flex-col gap-2">
        {draft.options.map((option, index) => {
          const used = usage.get(option.value) ?? 0;
          const name = `option ${index + 1}`;
          return (
            <li
              key={option.row}
              ref={row(option.row)}
              className={cx(
                "flex flex-wrap items-center gap-1.5 rounded-[6px]",
                dragged === option.row && "bg-hover outline-2 outline-offset-2 outline-accent",
              )}
            >
              <IconButton
                name={`Drag ${name}, or move it with the arrow keys`}
                className="-ml-1 flex h-8 w-6 cursor-grab touch-none active:cursor-grabbing"
                {...handle(option.row)}
              >
                <GripVertical size={14} aria-hidden />
              </IconButton>
              <input
                aria-label={`Option ${index + 1}: value`}
                placeholder="Value"
                maxLength={255}
                className="field h-8 w-36 max-sm:flex-1 max-sm:basis-40"
                value={option.value}
                onChange={(event) => change({ do: "option", row: option.row, with: { value: event.target.value } })}
              />
              <Menu
                trigger={
                  <Button
                    className="w-28 justify-start"
                    aria-label={`Option ${index + 1}: sentiment ${option.sentiment}`}
                  >
                    <SentimentMark sentiment={option.sentiment} /> {option.sentiment}
                  </Button>
                }
                entries={SENTIMENTS.map((sentiment) => ({
                  id: sentiment,
                  label: sentiment,
                  chosen: sentiment === option.sentiment,
                  run: () => change({ do: "option", row: option.row, with: { sentiment } }),
                }))}
              />
              <input
                aria-label={`Option ${index + 1}: what it means`}
                placeholder="What it means"
                className="field h-8 min-w-28 flex-1 basis-28 max-sm:ml-5"
                value={option.description}
                onChange={(event) =>
                  change({ do: "option", row: option.row, with: { description: event.target.value } })
                }
              />
              <span className="flex">
                <IconButton
                  name={`Move ${name} up`}
                  disabled={index === 0}
                  className="size-7 pointer-coarse:size-10"
                  onClick={() => change({ do: "move", row: option.row, by: -1 })}
                >
                  <ArrowUp size={14} aria-hidden />
                </IconButton>
                <IconButton
                  name={`Move ${name} down`}
                  disabled={index === draft.options.length - 1}
                  className="size-7 pointer-coarse:size-10"
                  onClick={() => change({ do: "move", row: option.row, by: 1 })}
                >
                  <ArrowDown size={14} aria-hidden />
                </IconButton>
                <IconButton
                  name={`Remove ${name}`}
                  className="size-7 pointer-coarse:size-10"
                  onClick={() => change({ do: "remove", row: option.row })}
                >
                  <Trash2 size={14} aria-hidden />
                </IconButton>
              </span>
              {used > 0 && (
                <span className="num basis-full pl-6 text-xs text-ink-3">
                  {used} {used === 1 ? "value uses" : "values use"} this option
                </span>
              )}
            </li>
          );
        })}
      </ol>
      <Button small className="mt-2" onClick={() => change({ do: "add" })}>
        <Plus size={14} aria-hidden /> Add an option
      </Button>
    </div>
  );
}
