import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import type { Sentiment } from "../api/types";
import { SentimentMark } from "../review/sentiment";
import { Button, IconButton } from "../ui/Button";
import { Menu } from "../ui/Menu";
import type { Change, Draft } from "./draft";

const SENTIMENTS: Sentiment[] = ["positive", "neutral", "negative"];

/** The options of a select: value, sentiment, what it means. */
export function OptionRows({
  draft,
  change,
  usage,
}: {
  draft: Draft;
  change: (action: Change) => void;
  usage: Map<string, number>;
}) {
  return (
    <div>
      <ol className="flex flex-col gap-2">
        {draft.options.map((option, index) => (
          <li key={option.row} className="flex flex-wrap items-center gap-1.5">
            <input
              aria-label={`Option ${index + 1}: value`}
              placeholder="Value"
              maxLength={255}
              className="field h-8 w-36 max-sm:flex-1"
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
              className="field h-8 min-w-32 flex-1 basis-32"
              value={option.description}
              onChange={(event) => change({ do: "option", row: option.row, with: { description: event.target.value } })}
            />
            <span className="flex">
              <IconButton
                name={`Move option ${index + 1} up`}
                disabled={index === 0}
                onClick={() => change({ do: "move", row: option.row, by: -1 })}
              >
                <ArrowUp size={14} aria-hidden />
              </IconButton>
              <IconButton
                name={`Move option ${index + 1} down`}
                disabled={index === draft.options.length - 1}
                onClick={() => change({ do: "move", row: option.row, by: 1 })}
              >
                <ArrowDown size={14} aria-hidden />
              </IconButton>
              <IconButton name={`Remove option ${index + 1}`} onClick={() => change({ do: "remove", row: option.row })}>
                <Trash2 size={14} aria-hidden />
              </IconButton>
            </span>
            {(usage.get(option.value) ?? 0) > 0 && (
              <span className="num basis-full text-xs text-ink-3">
                {usage.get(option.value)} {usage.get(option.value) === 1 ? "value uses" : "values use"} this option
              </span>
            )}
          </li>
        ))}
      </ol>
      <Button small className="mt-2" onClick={() => change({ do: "add" })}>
        <Plus size={14} aria-hidden /> Add an option
      </Button>
    </div>
  );
}
