import { ArrowDown, ArrowUp, Link as LinkIcon, ListPlus, PanelLeft, X } from "lucide-react";
import type { ReactNode } from "react";
import type { TraceSummary } from "../api/types";
import { useKeyName } from "../keys/keymap";
import { IconButton } from "../ui/Button";
import { CopyText } from "../ui/Copy";
import { count, duration, money, tokens } from "../ui/format";
import { Status } from "../ui/Status";
import { Time } from "../ui/Time";
import { useNeighbours } from "./neighbours";

/** The head of a trace: the way to the next one, and its figures. */
export function TraceHead({
  id,
  trace,
  copyLink,
  toggleList,
  addToQueue,
  actions,
}: {
  id: string;
  trace: TraceSummary | undefined;
  copyLink: () => void;
  toggleList: () => void;
  addToQueue: (() => void) | undefined;
  /** What else can be done with the span that is shown. */
  actions?: ReactNode;
}) {
  const { previous, next, close } = useNeighbours();
  const addKey = useKeyName("add-to-queue");
  return (
    <header className="flex h-10 shrink-0 items-center gap-2 border-b px-2">
      <IconButton name="Previous trace" shortcut={useKeyName("previous-trace")} disabled={!previous} onClick={previous}>
        <ArrowUp size={16} aria-hidden />
      </IconButton>
      <IconButton name="Next trace" shortcut={useKeyName("next-trace")} disabled={!next} onClick={next}>
        <ArrowDown size={16} aria-hidden />
      </IconButton>
      <h1 className="min-w-0 truncate font-semibold">{trace?.name ?? "Trace"}</h1>
      {trace && (
        <div className="num flex min-w-0 shrink items-center gap-2 overflow-hidden text-sm whitespace-nowrap text-ink-2 max-md:hidden">
          <Status status={trace.status} />
          <span>{duration(trace.duration_ms)}</span>
          {trace.span_count !== undefined && (
            <span>
              {count(trace.span_count)} {trace.span_count === 1 ? "span" : "spans"}
            </span>
          )}
          {trace.usage?.total_tokens !== undefined && <span>{tokens(trace.usage.total_tokens)} tokens</span>}
          {trace.cost?.total !== undefined && <span>{money(trace.cost.total, trace.cost.currency)}</span>}
          {trace.started_at && <Time iso={trace.started_at} />}
          <CopyText text={id} name="trace id" short={10} />
        </div>
      )}
      <span className="flex-1" />
      <IconButton
        name="Show or hide the list"
        shortcut={useKeyName("toggle-list")}
        className="size-8 max-[1179px]:hidden"
        onClick={toggleList}
      >
        <PanelLeft size={16} aria-hidden />
      </IconButton>
      {addToQueue && (
        <IconButton name="Add to a queue" shortcut={addKey} onClick={addToQueue}>
          <ListPlus size={16} aria-hidden />
        </IconButton>
      )}
      {actions}
      <IconButton name="Copy a link to this span" shortcut={useKeyName("copy-link")} onClick={copyLink}>
        <LinkIcon size={16} aria-hidden />
      </IconButton>
      <IconButton name="Close the trace" shortcut={useKeyName("close-trace")} onClick={close}>
        <X size={16} aria-hidden />
      </IconButton>
    </header>
  );
}
