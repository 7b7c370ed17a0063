import { Button } from "../ui/Button";
import { count } from "../ui/format";
import { doing, type Progress } from "./useBulk";

/** How far work on many traces is; without `cancel` it cannot be stopped. */
export function ProgressLine({ progress, cancel }: { progress: Progress; cancel?: () => void }) {
  const met = progress.done + progress.failed;
  return (
    <span className="flex items-center gap-2">
      <span role="status" className="num text-ink-2">
        {doing(progress.kind).now}: {count(met)} of {count(progress.total)}
      </span>
      <progress
        aria-label={doing(progress.kind).now}
        max={Math.max(1, progress.total)}
        value={met}
        className="h-1.5 w-28"
      />
      {cancel && (
        <Button small look="quiet" onClick={cancel}>
          Cancel
        </Button>
      )}
    </span>
  );
}
