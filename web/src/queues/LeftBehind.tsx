import { TriangleAlert } from "lucide-react";
import { Key } from "../keys/Key";
import { Button } from "../ui/Button";
import { count } from "../ui/format";
import type { Entry } from "./session";

/** Says which items were changed after they were submitted, and left without submitting that. */
export function LeftBehind({
  entries,
  submit,
  go,
}: {
  entries: readonly Entry[];
  submit: () => void;
  go: (to: string) => void;
}) {
  const [first] = entries;
  if (!first) return null;
  const many = entries.length > 1;
  const name = first.review?.span?.summary.name ?? first.name;
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b bg-warn-soft px-3 py-1.5 text-sm"
    >
      <TriangleAlert size={14} aria-hidden className="shrink-0 text-warn" />
      <span className="min-w-0 break-words text-warn">
        {many
          ? `Your changes of ${count(entries.length)} items are not submitted`
          : `Your change of ${name ? `“${name}”` : "an item before"} is not submitted`}
      </span>
      <Button small className="pointer-coarse:h-11" onClick={submit}>
        Submit {many ? "them" : "it"} <Key id="submit-changes" />
      </Button>
      <Button small look="quiet" className="pointer-coarse:h-11" onClick={() => go(first.id)}>
        Look at {many ? "the first" : "it"}
      </Button>
    </div>
  );
}
