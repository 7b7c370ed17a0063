import { useLive, useThrottled } from "../app/useLive";
import { useDatasets } from "./queries";

/** Keeps the list of datasets, or one with its datapoints, true while others work on them. */
export function useFollowDatasets(dataset?: string): void {
  const { changed } = useDatasets();
  const again = useThrottled(() => changed(dataset), 1000);
  useLive(({ counts, missed }) => {
    if (missed || counts["dataset.updated"]) again();
  });
}
