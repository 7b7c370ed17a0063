import type { Datapoint, Dataset } from "../api/datasets";
import { AddToQueue } from "../queues/AddToQueue";
import { said } from "../queues/carried";
import { useQueuesApi } from "../queues/useDesk";
import { count } from "../ui/format";
import { useDatasets } from "./queries";

/** Asks to which queue a datapoint is added, or all of a dataset. */
export function Judging({
  open,
  onClose,
  dataset,
  datapoint,
}: {
  open: boolean;
  onClose: () => void;
  dataset: Dataset;
  /** Only this one. */
  datapoint: Datapoint | undefined;
}) {
  const { api } = useDatasets();
  const queues = useQueuesApi();
  const held = dataset.metadata.datapoints_count;
  const all = async (queue: string, name: string) => {
    const sum = { added: 0, already_there: 0, not_found: 0 };
    for (let after = "", more = true; more; ) {
      const page = await api.datapoints(dataset._id, after);
      if (page.data.length > 0) {
        const items = page.data.map(({ _id }) => ({ datapoint_id: _id }));
        const { added, already_there, not_found } = await queues.add(queue, items);
        sum.added += added;
        sum.already_there += already_there;
        sum.not_found += not_found;
      }
      after = page.data.at(-1)?._id ?? "";
      more = page.has_more === true;
    }
    return said(sum, name);
  };
  const what = datapoint ? "this datapoint" : `${count(held)} ${held === 1 ? "datapoint" : "datapoints"}`;
  return (
    <AddToQueue
      open={open}
      onClose={onClose}
      what={what}
      {...(datapoint ? { items: [{ datapoint_id: datapoint._id }] } : { matching: all })}
    />
  );
}
