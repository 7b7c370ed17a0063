/** What the address of a dataset says: the datapoint that is open, or `new`. */
export interface DatasetSearch {
  datapoint?: string;
}

export const datasetSearch = (search: Record<string, unknown>): DatasetSearch =>
  typeof search.datapoint === "string" && search.datapoint !== "" ? { datapoint: search.datapoint } : {};
