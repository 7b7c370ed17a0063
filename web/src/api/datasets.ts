import type { Aggregate } from ".";
import { download, type OnBytes, path, send } from "./client";
import type { AnswerValue, Job, Json, JsonObject, List } from "./types";

export interface Dataset {
  _id: string;
  display_name: string;
  /** The folder in its project; absent at the top. */
  path?: string;
  metadata: { datapoints_count: number };
  created: string;
  updated: string;
  updated_by_id: string;
}

/** A message as chat models know it; what the app does not know of it is kept. */
export interface DatapointMessage {
  role: string;
  content?: string | JsonObject[];
  tool_calls?: { id?: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  [other: string]: Json | undefined;
}

/** What people said of the span that a datapoint was taken from. */
export interface DatapointEvaluation {
  id: string;
  key?: string;
  human_review_id?: string;
  parent_annotation_id?: string;
  value?: AnswerValue;
  values?: string[];
}

/** Where a datapoint was taken from. */
export interface DatapointOrigin {
  trace_id: string;
  span_id: string;
  answer?: string;
  corrected_by?: string;
  queue_item_id?: string;
}

export interface DatapointInput {
  inputs?: JsonObject;
  messages?: DatapointMessage[];
  expected_output?: string;
}

export interface Datapoint extends DatapointInput {
  _id: string;
  dataset_id: string;
  evaluations?: DatapointEvaluation[];
  origin?: DatapointOrigin;
  created: string;
  updated: string;
}

/** A dataset as it was. */
export interface Snapshot {
  id: string;
  name: string;
  number: number;
  datapoints_count: number;
  created_by_id: string;
  created_at: string;
}

/** What became of a datapoint between two snapshots. */
export interface DatapointChange {
  change: "added" | "removed" | "changed";
  datapoint_id: string;
  before?: Datapoint;
  after?: Datapoint;
}

export interface DuplicateGroup {
  content_hash: string;
  count: number;
  first: Datapoint;
}

/** A row of a file that cannot be imported. */
export interface ImportFault {
  row: number;
  line: number;
  column?: string;
  message: string;
}

/** What a file would become. */
export interface ImportPreview {
  format: string;
  columns: { name: string; target: string }[];
  rows: number;
  bad_rows: number;
  errors: ImportFault[];
  datapoints: DatapointInput[];
}

export interface ImportDone {
  imported: number;
  already_there: number;
  skipped: number;
}

export interface ExportChoice {
  format: string;
  files?: string;
  snapshot_id?: string;
  test_percent?: number;
  split?: string;
}

/** The calls of a project about its datasets, and what leaves it as files. */
export function datasetsApi(project: string) {
  const at = (dataset: string) => path`/v2/datasets/${dataset}`;
  const points = (dataset: string) => path`/v2/datasets/${dataset}/datapoints`;
  const point = (dataset: string, id: string) => path`/v2/datasets/${dataset}/datapoints/${id}`;
  return {
    list: (search: string, after?: string) =>
      send<List<Dataset>>("GET", "/v2/datasets", {
        project,
        query: { limit: 100, search: search || undefined, starting_after: after || undefined },
      }),
    create: (body: { display_name: string; path?: string }) => send<Dataset>("POST", "/v2/datasets", { project, body }),
    get: (id: string) => send<Dataset>("GET", at(id), { project }),
    change: (id: string, body: { display_name?: string; path?: string }) =>
      send<Dataset>("PATCH", at(id), { project, body }),
    remove: (id: string) => send<void>("DELETE", at(id), { project }),
    clear: (id: string) => send<void>("DELETE", path`/v2/datasets/${id}/clear`, { project }),
    datapoints: (id: string, after?: string) =>
      send<List<Datapoint>>("GET", points(id), { project, query: { limit: 50, starting_after: after || undefined } }),
    datapoint: (dataset: string, id: string) => send<Datapoint>("GET", point(dataset, id), { project }),
    add: (dataset: string, body: DatapointInput) =>
      send<Datapoint[]>("POST", points(dataset), { project, body: [body] }),
    changeDatapoint: (dataset: string, id: string, body: DatapointInput) =>
      send<Datapoint>("PATCH", point(dataset, id), { project, body }),
    removeDatapoint: (dataset: string, id: string) =>
      send<void>("DELETE", point(dataset, id), { project, keepalive: true }),
    /** The newest correction of a span, or else its answer, becomes the expected output. */
    take: (dataset: string, items: { trace_id: string; span_id?: string; queue_item_id?: string }[]) =>
      send<(Datapoint & { already_there?: boolean })[]>("POST", path`/v3/datasets/${dataset}/spans`, {
        project,
        body: { items },
      }),
    /** Everything that matches, as a job. */
    takeMatching: (dataset: string, body: Aggregate) =>
      send<Job>("POST", path`/v3/datasets/${dataset}/matching`, { project, body }),
    preview: (dataset: string, file: Blob, mapping: Record<string, string>) =>
      send<ImportPreview>("POST", path`/v3/datasets/${dataset}/import/preview`, {
        project,
        file,
        query: { mapping: JSON.stringify(mapping) },
      }),
    importFile: (
      dataset: string,
      file: Blob,
      choice: { mapping: Record<string, string>; skip: boolean; duplicates: "add" | "skip" },
    ) =>
      send<ImportDone>("POST", path`/v3/datasets/${dataset}/import`, {
        project,
        file,
        query: {
          mapping: JSON.stringify(choice.mapping),
          skip_bad_rows: choice.skip,
          duplicates: choice.duplicates,
        },
      }),
    snapshots: (id: string) =>
      send<List<Snapshot>>("GET", path`/v3/datasets/${id}/snapshots`, { project, query: { limit: 200 } }),
    makeSnapshot: (id: string, name: string) =>
      send<Snapshot>("POST", path`/v3/datasets/${id}/snapshots`, { project, body: { name } }),
    deleteSnapshot: (id: string, snapshot: string) =>
      send<void>("DELETE", path`/v3/datasets/${id}/snapshots/${snapshot}`, { project }),
    /** What changed from one snapshot to another, or to the dataset as it is. */
    diff: (id: string, from: string, to?: string, after?: string) =>
      send<List<DatapointChange> & { next_after?: string }>("GET", path`/v3/datasets/${id}/diff`, {
        project,
        query: { from, to: to || undefined, starting_after: after || undefined, limit: 50 },
      }),
    duplicates: (id: string) =>
      send<List<DuplicateGroup> & { surplus: number }>("GET", path`/v3/datasets/${id}/duplicates`, { project }),
    removeDuplicates: (id: string) =>
      send<{ removed: number }>("POST", path`/v3/datasets/${id}/duplicates/remove`, { project }),
    exportDataset: (id: string, choice: ExportChoice, name: string, onBytes?: OnBytes) =>
      download(`${path`/v3/datasets/${id}/export`}?${query({ ...choice })}`, project, name, onBytes),
    exportAnnotations: (
      choice: { format: string; key?: string; from?: string; to?: string },
      name: string,
      onBytes?: OnBytes,
    ) => download(`/v3/annotations/export?${query(choice)}`, project, name, onBytes),
  };
}

const query = (given: Record<string, string | number | undefined>) =>
  new URLSearchParams(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, String(value)] as [string, string]],
    ),
  );

export type DatasetsApi = ReturnType<typeof datasetsApi>;
