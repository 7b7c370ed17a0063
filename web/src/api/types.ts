/** The shapes of the API that the app reads. Optional fields are absent, never null. */

export interface Me {
  member?: { id: string; email: string; display_name: string; workspace_role?: string };
  key?: { id: string; name: string };
  preferences?: Preferences;
  workspace: { id: string; key: string; display_name: string };
  project_id?: string;
  projects: Project[];
  csrf_token?: string;
}

/** What a member chose for themselves, kept by the server. */
export interface Preferences {
  keys?: Record<string, string[] | undefined>;
}

export interface Project {
  project_id: string;
  key: string;
  name: string;
  is_default?: boolean;
  role?: string;
  permissions: string[];
}

export interface SignedIn {
  member: NonNullable<Me["member"]>;
  csrf_token: string;
}

export interface OpenInvite {
  workspace: string;
  project: string;
  role: string;
  /** The only annotation queue it opens. */
  queue?: string;
  email?: string;
  expires_at: string;
  /** Who is signed in here, and can accept without a password. */
  signed_in?: { display_name: string; email: string };
}

export interface List<T> {
  data: T[];
  has_more?: boolean;
  next_page_token?: string;
}

export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  prompt_cached_tokens?: number;
  completion_reasoning_tokens?: number;
}

export interface Cost {
  input?: number;
  output?: number;
  total?: number;
  currency?: string;
}

export interface Fault {
  type?: string;
  message?: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What a person can answer. */
export type AnswerValue = string | number | boolean | string[];

/** A queue that something is in. */
export interface InQueue {
  id: string;
  display_name: string;
  item_id: string;
  span_id?: string;
  state: string;
}

export interface TraceAnnotation {
  key: string;
  value: AnswerValue;
  annotator_kind: string;
  span_id: string;
}

export interface TraceSummary {
  trace_id: string;
  name?: string;
  status?: string;
  kind?: string;
  root_span_id?: string;
  leading_span_id?: string;
  started_at?: string;
  ended_at?: string;
  duration_ms?: number;
  identity_id?: string;
  session_id?: string;
  providers?: string[];
  models?: string[];
  usage?: Usage;
  cost?: Cost;
  input?: string;
  output?: string;
  error?: Fault;
  tags?: string[];
  metadata?: JsonObject;
  span_count?: number;
  error_count?: number;
  environment?: string;
  service?: string;
  annotations?: TraceAnnotation[];
  queues?: InQueue[];
}

export interface Condition {
  field: string;
  op: string;
  values: string[];
}

export interface TraceSearch {
  from: string;
  to: string;
  filters?: Condition[];
  filter_operator?: "and" | "or";
  query?: string;
  sort?: { field: string; order: "asc" | "desc" }[];
  limit?: number;
  page_token?: string;
}

export interface TraceField {
  name: string;
  label?: string;
  type?: string;
  operators?: string[];
  facet?: boolean;
  aliases?: string[];
  enum_values?: string[];
}

export interface FacetValues {
  field?: string;
  values: { value: string; count: number }[];
}

export interface TraceFilters {
  annotations?: { id?: string; key?: string; display_name?: string; type?: string; option_values?: string[] }[];
  metadata?: { key: string; type?: string }[];
  evaluators?: { id: string; display_name?: string }[];
}

export interface AggregateRow {
  group: Record<string, string>;
  metrics: Record<string, number>;
}

export interface SpanSummary {
  trace_id: string;
  span_id: string;
  parent_span_id?: string;
  name: string;
  type: string;
  operation?: string;
  status: string;
  started_at: string;
  ended_at: string;
  duration_ms: number;
  provider?: string;
  model?: string;
  usage?: Usage;
  cost?: Cost;
  level: number;
  has_children: boolean;
  finish_reasons?: string[];
  time_to_first_token_ms?: number;
  input?: string;
  output?: string;
  error?: Fault;
  session_id?: string;
  user_id?: string;
  /** The span its client reports the reply to this streamed request as; what it says is shown here. */
  reply_span_id?: string;
  /** The streamed request that this span is the reply to. */
  reply_to_span_id?: string;
}

/** A span of another trace that belongs to one of this. */
export interface LinkedTrace {
  trace_id: string;
  linked_span_id: string;
  span_id: string;
  /** `same_response` or `same_input`. */
  reason: string;
}

export type Media = {
  type: "media";
  kind: "image" | "audio" | "video" | "file";
  mime?: string;
  source: "inline" | "stored" | "url" | "ref" | "redacted";
  data?: string;
  url?: string;
  id?: string;
  /** Of media that are stored apart: what they are served as, and how large they are. */
  content_type?: string;
  size?: number;
};
export type ToolCall = { type: "tool_call"; id?: string; name: string; arguments: Json };
export type ToolResult = { type: "tool_result"; id?: string; result: Json; is_error?: boolean };
export type Part =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | ToolCall
  | ToolResult
  | Media
  | { type: "other"; raw: Json };

export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  parts: Part[];
  name?: string;
  finish_reason?: string;
}

export interface Normalized {
  display_name: string;
  kind: string;
  operation?: string;
  convention: string;
  convention_version?: string;
  provider?: string;
  request_model?: string;
  response_model?: string;
  response_id?: string;
  params?: JsonObject;
  finish_reasons?: string[];
  input?: Message[];
  output?: Message[];
  tools?: { name: string; description?: string; schema?: Json }[];
  input_raw?: Json;
  output_raw?: Json;
  documents?: { id?: string; content?: string; score?: number; metadata?: Json }[];
  tool?: { name: string; call_id?: string; arguments?: Json; result?: Json; description?: string };
  agent_name?: string;
  prompt?: { name?: string; version?: string; template?: string; variables?: Json };
  usage?: {
    input?: number;
    output?: number;
    total?: number;
    cache_read?: number;
    cache_write?: number;
    reasoning?: number;
  };
  usage_scope?: "own" | "aggregate";
  cost?: { input?: number; output?: number; total: number; currency: string; source: string };
  session_id?: string;
  user_id?: string;
  tags?: string[];
  metadata?: JsonObject;
  status: "unset" | "ok" | "error";
  error?: { type?: string; message?: string; stack?: string };
  ttft_ns?: number;
  truncated?: boolean;
  redacted?: boolean;
  content_absent?: boolean;
}

/** An entry of `evaluations`: a machine's verdict when its type is `evaluator`. */
export interface Evaluation {
  id: string;
  evaluation_type: string;
  display_name?: string;
  evaluator_id?: string;
  status?: string;
  value?: Json;
  values?: string[];
  score?: number;
  label?: string;
  passed?: boolean;
  explanation?: string;
  parent_annotation_id?: string;
}

export interface SpanDetail {
  summary: SpanSummary;
  attributes: JsonObject;
  events: JsonObject[];
  links: JsonObject[];
  resource: JsonObject;
  scope: JsonObject;
  otel: JsonObject;
  normalized: Normalized;
  annotations: Json[];
  evaluations: Evaluation[];
  queues?: InQueue[];
}

export type ReviewType = "single_select" | "multi_select" | "range" | "text" | "boolean" | "correction";
export type Sentiment = "positive" | "neutral" | "negative";

export interface ReviewOption {
  id?: string;
  value: string;
  label?: string;
  sentiment: Sentiment;
  description: string;
  icon: string;
}

export interface ReviewInput {
  type: ReviewType;
  key?: string;
  display_name: string;
  description: string;
  options?: ReviewOption[];
  config?: { min?: number; max?: number; step?: number; max_length?: number };
  position?: number;
  archived?: boolean;
}

export interface HumanReview extends ReviewInput {
  id: string;
  key: string;
  version?: number;
  updated?: string;
}

export interface Annotation {
  id: string;
  key?: string;
  parent_annotation_id?: string;
  evaluator?: string;
  value: AnswerValue;
  explanation?: string;
  annotator: { kind: string; id: string; name?: string };
  identity_id?: string;
  source?: string;
  definition_version?: number;
  created_at: string;
  updated_at?: string;
}

/** One thing that happened to an annotation. */
export interface AnnotationEvent {
  id: string;
  action: string;
  value?: AnswerValue;
  explanation?: string;
  definition_version: number;
  annotator: Annotation["annotator"];
  /** Who sent it: `key:…` or `member:…`. */
  actor: string;
  actor_name?: string;
  client?: string;
  source: string;
  at: string;
}

/** What a human review said from one change to the next. */
export interface ReviewVersion {
  version: number;
  type: ReviewType;
  key: string;
  display_name: string;
  description: string;
  options?: ReviewOption[];
  config?: NonNullable<ReviewInput["config"]>;
  created_by_id: string;
  created: string;
}

export interface Log {
  id: string;
  trace_id: string;
  span_id: string;
  name: string;
  status: string;
  error?: string;
  provider?: string;
  model?: string;
  started_at: string;
  duration_ms: number;
  cost?: number;
  usage?: { input_tokens?: number; output_tokens?: number; total_tokens?: number };
  input_preview?: string;
  output_preview?: string;
  feedback: { key: string; value: AnswerValue }[];
  has_correction: boolean;
  queues: InQueue[];
}

export interface LogDetail extends Log {
  messages?: { input: Message[]; output: Message[] };
  annotations: Annotation[];
  evaluations?: Evaluation[];
  correction?: { value: string; by: Annotation["annotator"]; at: string };
}

/** What is said of many traces: of those that are named, or of all that match. */
export interface BulkAnnotation {
  annotations: { key: string; value: AnswerValue }[];
  trace_ids?: string[];
  from?: string;
  to?: string;
  filters?: Condition[];
  query?: string;
}

/** The traces that are meant: named, or by a filter. */
export type ManyTraces = Omit<BulkAnnotation, "annotations">;

/** What goes with a trace when it is deleted. */
export interface TraceExtent {
  spans: number;
  annotations: number;
  evaluator_results: number;
  queue_items: number;
  datapoints: number;
}

export interface Job {
  id: string;
  kind: string;
  state: "queued" | "running" | "done" | "failed" | "canceled";
  total: number;
  done: number;
  failed: number;
  error?: string;
}

export interface ViewInput {
  display_name?: string;
  page?: string;
  filter_by?: string;
  sort?: string;
  density?: string;
  columns?: string[];
  time_range?: string;
  is_private?: boolean;
  update_mask?: string;
}

export interface View {
  id: string;
  display_name: string;
  page: string;
  filter_by: string;
  sort?: string;
  density?: string;
  columns: string[];
  time_range?: string;
  private_for_ids: string[];
  created_by_id: string;
}
