import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight, OctagonAlert } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { SpanSummary } from "../api/types";
import { useCommand } from "../keys/useCommand";
import { cx } from "../ui/cx";
import { duration } from "../ui/format";
import { KindIcon } from "./kinds";
import { bar, type Scale, scaleOf, visible } from "./tree";

const ROW = 34;

/** The spans in order of execution with a waterfall. Only those in sight are in the page. */
export function SpanTree({
  spans,
  chosen,
  annotated,
  onChoose,
}: {
  spans: SpanSummary[];
  chosen: string | undefined;
  annotated: ReadonlySet<string>;
  onChoose: (span: string) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => visible(spans, folded), [spans, folded]);
  const scale = useMemo(() => scaleOf(spans), [spans]);
  const at = shown.findIndex(({ span_id }) => span_id === chosen);
  const list = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 24,
    getItemKey: (index) => shown[index]?.span_id ?? index,
  });
  useEffect(() => {
    if (at >= 0) list.scrollToIndex(at, { align: "auto" });
  }, [at, list]);
  const go = (index: number) => {
    const span = shown[Math.max(0, Math.min(shown.length - 1, index))];
    if (span) onChoose(span.span_id);
  };
  useCommand("next-span", () => go(at + 1), { when: shown.length > 1 });
  useCommand("previous-span", () => go(at - 1), { when: shown.length > 1 });
  const fold = (span: SpanSummary, to: boolean) => {
    const next = new Set(folded);
    if (to) next.add(span.span_id);
    else next.delete(span.span_id);
    setFolded(next);
  };
  const press = (event: KeyboardEvent) => {
    const span = shown[at];
    const left = () => {
      if (span?.has_children && !folded.has(span.span_id)) fold(span, true);
      else go(shown.findLastIndex((other, index) => index < at && other.level < (span?.level ?? 0)));
    };
    const right = () => {
      if (span?.has_children && folded.has(span.span_id)) fold(span, false);
      else if (span?.has_children) go(at + 1);
    };
    const to = new Map([
      ["ArrowDown", () => go(at + 1)],
      ["ArrowUp", () => go(at - 1)],
      ["Home", () => go(0)],
      ["End", () => go(shown.length - 1)],
      ["ArrowLeft", left],
      ["ArrowRight", right],
    ]);
    const run = to.get(event.key);
    if (!run || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    run();
  };
  return (
    <div
      ref={scroller}
      role="tree"
      aria-label="Spans"
      tabIndex={0}
      aria-activedescendant={chosen && `span-${chosen}`}
      onKeyDown={press}
      className="scroll min-h-0 flex-1 -outline-offset-2"
    >
      <div role="none" className="relative" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const span = shown[item.index];
          return (
            span && (
              <SpanRow
                key={item.key}
                span={span}
                top={item.start}
                scale={scale}
                chosen={span.span_id === chosen}
                annotated={annotated.has(span.span_id)}
                folded={folded.has(span.span_id)}
                onChoose={() => onChoose(span.span_id)}
                onFold={() => fold(span, !folded.has(span.span_id))}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  span: SpanSummary;
  top: number;
  scale: Scale;
  chosen: boolean;
  annotated: boolean;
  folded: boolean;
  onChoose: () => void;
  onFold: () => void;
}

function SpanRow({ span, top, scale, chosen, annotated, folded, onChoose, onFold }: RowProps) {
  const { left, width } = bar(span, scale);
  const failed = span.status === "error";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    <div
      role="treeitem"
      id={`span-${span.span_id}`}
      tabIndex={-1}
      aria-selected={chosen}
      aria-level={span.level + 1}
      aria-expanded={span.has_children ? !folded : undefined}
      title={[span.name, span.model, duration(span.duration_ms)].filter(Boolean).join(" · ")}
      onClick={onChoose}
      className={cx(
        "absolute inset-x-0 flex cursor-pointer items-center gap-1.5 pr-2 pb-0.5 text-sm select-none",
        chosen ? "bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]" : "hover:bg-well",
      )}
      style={{ height: ROW, transform: `translateY(${top}px)`, paddingLeft: 6 + Math.min(span.level, 10) * 14 }}
    >
      <button
        type="button"
        tabIndex={-1}
        aria-hidden
        className={cx("rounded-sm p-0.5 text-ink-3 hover:bg-hover", !span.has_children && "invisible")}
        onClick={(event) => {
          event.stopPropagation();
          onFold();
        }}
      >
        <ChevronRight size={14} className={cx(!folded && "rotate-90")} />
      </button>
      <KindIcon kind={span.type} />
      <span className={cx("min-w-0 flex-1 truncate", chosen && "font-medium", failed && "text-bad")}>{span.name}</span>
      {annotated && <span role="img" aria-label="judged" className="size-1.5 shrink-0 rounded-full bg-accent" />}
      {failed && <OctagonAlert size={14} className="shrink-0 text-bad" role="img" aria-label="error" />}
      <span className="num shrink-0 text-xs text-ink-3">{duration(span.duration_ms)}</span>
      {/* Below the names and as wide as the tree: one scale for all rows, and the names keep their room. */}
      <span className="absolute inset-x-2 bottom-0.5 h-0.75" aria-hidden>
        <span
          className={cx(
            "absolute inset-y-0 min-w-0.5 rounded-full",
            failed ? "bg-bad" : span.type === "llm" ? "bg-ink-2" : "bg-line-strong",
          )}
          style={{ left: `${left}%`, width: `${width}%` }}
        />
      </span>
    </div>
  );
}
