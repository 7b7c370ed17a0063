import { Button } from "../ui/Button";
import { Empty } from "../ui/State";

/** What stands in the place of a list in which nothing fits. */
export function NoTraces({
  filtered,
  unfilter,
  widen,
}: {
  filtered: boolean;
  unfilter: () => void;
  widen: () => void;
}) {
  return (
    <Empty title="No trace fits">
      <p className="mb-3">Nothing in this time and with these filters.</p>
      <div className="flex flex-wrap gap-2">
        {filtered && <Button onClick={unfilter}>Remove the filters</Button>}
        <Button onClick={widen}>Look at all time</Button>
      </div>
    </Empty>
  );
}
