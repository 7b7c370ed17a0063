import { Brain, ChevronRight, CircleAlert, Wrench } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Part } from "../api/types";
import { CodeBlock } from "../ui/CodeBlock";
import { cx } from "../ui/cx";
import { words } from "../ui/format";
import { JsonTree } from "../ui/JsonTree";
import { Markdown } from "../ui/Markdown";
import { asText, type Block, type ToolCard as Card, inBrief, unpacked } from "./cards";
import { MediaView } from "./Media";

/** Something long behind one line that says what it is. */
export function Fold({
  label,
  children,
  open: first = false,
}: {
  label: ReactNode;
  children: ReactNode;
  open?: boolean;
}) {
  const [open, setOpen] = useState(first);
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        className="flex max-w-full items-center gap-1.5 rounded-sm py-0.5 pr-1 text-sm text-ink-2 hover:text-ink"
        onClick={() => setOpen(!open)}
      >
        <ChevronRight size={14} aria-hidden className={cx("shrink-0", open && "rotate-90")} />
        {label}
      </button>
      {open && <div className="mt-1">{children}</div>}
    </div>
  );
}

function ToolCardView({ card }: { card: Card }) {
  const { call, result } = card;
  const value = unpacked(result?.result);
  const args = unpacked(call?.arguments);
  const simple = value === undefined || typeof value !== "object" || value === null;
  return (
    <div className={cx("max-w-[76ch] rounded-[6px] border bg-sheet", result?.is_error && "border-bad")}>
      <div className="px-3 py-2">
        <Fold
          label={
            <>
              <Wrench size={14} aria-hidden className="shrink-0" />
              <span className="font-mono font-medium text-ink">{call?.name ?? "result"}</span>
              <span className="truncate font-mono text-xs">{inBrief(call?.arguments)}</span>
            </>
          }
        >
          {typeof args === "object" && args !== null ? (
            <JsonTree value={args} open={3} />
          ) : (
            <CodeBlock code={asText(args)} />
          )}
        </Fold>
      </div>
      <div className="border-t px-3 py-2 text-sm">
        {result === undefined ? (
          <span className="text-ink-3">No result in this conversation.</span>
        ) : (
          <>
            {result.is_error && (
              <span className="mb-1 flex items-center gap-1 text-bad">
                <CircleAlert size={14} aria-hidden /> The tool failed
              </span>
            )}
            {simple ? (
              <div className="scroll max-h-80 whitespace-pre-wrap" dir="auto">
                {asText(value)}
              </div>
            ) : (
              <div className="scroll max-h-80">
                <JsonTree value={value} open={2} />
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function PartView({ part }: { part: Exclude<Part, { type: "tool_call" | "tool_result" }> }) {
  switch (part.type) {
    case "text": {
      const json = unpacked(part.text);
      return typeof json === "object" && json !== null ? (
        <JsonTree value={json} open={3} />
      ) : (
        <Markdown text={part.text} />
      );
    }
    case "reasoning":
      return (
        <Fold
          label={
            <>
              <Brain size={14} aria-hidden /> Reasoning, {words(part.text)} words
            </>
          }
        >
          <div className="border-s-2 ps-3 text-ink-2">
            <Markdown text={part.text} />
          </div>
        </Fold>
      );
    case "media":
      return (
        <div>
          <MediaView media={part} />
        </div>
      );
    default:
      return <JsonTree value={part.raw} />;
  }
}

export function BlockView({ block }: { block: Block }) {
  return block.kind === "tool" ? <ToolCardView card={block.card} /> : <PartView part={block.part} />;
}
