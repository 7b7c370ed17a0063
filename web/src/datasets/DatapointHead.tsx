import { ArrowDown, ArrowUp, Trash2, X } from "lucide-react";
import type { Datapoint } from "../api/datasets";
import { useHere } from "../app/project";
import { useKeyName } from "../keys/keymap";
import { runCommand } from "../keys/useCommand";
import { IconButton } from "../ui/Button";
import { OriginLink } from "./DatapointRow";

/** The head of a datapoint: the way to the next one, to where it came from, and out. */
export function DatapointHead({
  title,
  datapoint,
  hasPrevious,
  hasNext,
  remove,
}: {
  title: string;
  datapoint: Datapoint | undefined;
  hasPrevious: boolean;
  hasNext: boolean;
  remove: (() => void) | undefined;
}) {
  const { project } = useHere();
  return (
    <header className="flex h-10 shrink-0 items-center gap-1 border-b px-2">
      <IconButton
        name="Previous datapoint"
        shortcut={useKeyName("previous-datapoint")}
        disabled={!hasPrevious}
        onClick={() => runCommand("previous-datapoint")}
      >
        <ArrowUp size={16} aria-hidden />
      </IconButton>
      <IconButton
        name="Next datapoint"
        shortcut={useKeyName("next-datapoint")}
        disabled={!hasNext}
        onClick={() => runCommand("next-datapoint")}
      >
        <ArrowDown size={16} aria-hidden />
      </IconButton>
      <span role="status" className="num min-w-0 truncate px-1 text-sm font-medium">
        {title}
      </span>
      <span className="flex-1" />
      {datapoint?.origin && <OriginLink origin={datapoint.origin} project={project.key} />}
      {remove && (
        <IconButton name="Delete this datapoint" onClick={remove}>
          <Trash2 size={16} aria-hidden />
        </IconButton>
      )}
      <IconButton
        name="Close the datapoint"
        shortcut={useKeyName("close-datapoint")}
        onClick={() => runCommand("close-datapoint")}
      >
        <X size={16} aria-hidden />
      </IconButton>
    </header>
  );
}
