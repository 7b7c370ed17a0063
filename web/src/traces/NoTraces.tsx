import { Button } from "../ui/Button";
import { Empty } from "../ui/State";
import type { TraceSearchParams } from "./search";

/** What stands in the place of a list in which nothing fits. */
export function NoTraces({
  filtered,
  change,
}: {
  filtered: boolean;
  change: (next: Partial<Record<keyof TraceSearchParams, string | undefined>>) => void;
}) {
  return (
    <Empty title="No trace fits">
      <p className="mb-3">Nothing in this time and with these filters.</p>
      <div className="flex flex-wrap gap-2">
        {filtered && <Button onClick={() => change({ q: undefined })}>Remove the filters</Button>}
        <Button onClick={() => change({ range: "all", from: undefined, to: undefined })}>Look at all time</Button>
      </div>
    </Empty>
  );
}
