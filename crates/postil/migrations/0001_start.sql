-- Times are microseconds since 1970 (bigint), but for span times, which keep nanoseconds and say so in their names.
-- Truth is 0 or 1. JSON is text. Telemetry tables carry the project's number, a small integer, in front of every key.

create table workspace (
  id text primary key,
  key text not null unique,
  display_name text not null,
  logo_url text,
  settings text not null default '{}',
  created_at bigint not null
){clustered};

create table project (
  id text primary key,
  number bigint not null unique,
  workspace_id text not null references workspace (id),
  key text not null,
  name text not null,
  description text not null default '',
  teams text not null default '[]',
  is_default bigint not null default 0,
  archived_at bigint,
  -- Since when its data goes for good. From then on it cannot be brought back.
  deleting_since bigint,
  retention_days bigint,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text not null,
  updated_by text not null,
  unique (workspace_id, key)
){clustered};

create table member (
  id text primary key,
  workspace_id text not null references workspace (id),
  email text not null unique,
  display_name text not null,
  -- owner and admin hold in every project; null: only what member_role says.
  workspace_role text,
  password_hash text,
  disabled_at bigint,
  last_activity bigint,
  -- What somebody chose for themselves in the app, as JSON.
  preferences text not null default '{}',
  created_at bigint not null
){clustered};

create table member_role (
  member_id text not null references member (id) on delete cascade,
  project_id text not null references project (id) on delete cascade,
  role text not null,
  -- 1: of the annotation queues only those that name the member, as when an invite to one queue was accepted.
  queues_named bigint not null default 0,
  primary key (member_id, project_id)
){clustered};

create table sign_in (
  token_hash text primary key,
  member_id text not null references member (id) on delete cascade,
  user_agent text,
  created_at bigint not null,
  expires_at bigint not null
){clustered};

-- One-time links that sign a member in.
create table sign_in_link (
  token_hash text primary key,
  member_id text not null references member (id) on delete cascade,
  expires_at bigint not null,
  used_at bigint
){clustered};

create table invite (
  id text primary key,
  token_hash text not null unique,
  workspace_id text not null references workspace (id),
  project_id text not null references project (id) on delete cascade,
  email text,
  role text not null,
  queue_id text,
  created_by text not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint,
  used_by text
){clustered};

create table api_key (
  id text primary key,
  workspace_id text not null references workspace (id),
  -- null: every project of the workspace.
  project_id text references project (id) on delete cascade,
  name text not null,
  token_hash text not null unique,
  token_prefix text not null,
  scopes text not null,
  permission_mode text not null,
  access text not null default '{}',
  owner text,
  status text not null,
  expires_at bigint,
  last_used_at bigint,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};

create table identity (
  id text primary key,
  workspace_id text not null references workspace (id),
  -- '': every project of the workspace.
  project_id text not null default '',
  external_id text not null,
  display_name text,
  email text,
  avatar_url text,
  tags text not null default '[]',
  metadata text not null default '{}',
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, project_id, external_id)
){clustered};

create table setting (
  name text primary key,
  value text not null
){clustered};

-- Rows of traces, spans and chunks are long, so they are not clustered by their key: on SQLite the rows of a clustered
-- table keep at most a quarter of a page in place and fill a whole page with the rest.

-- The summary of a trace; lists read only this. Rolled up from its spans whenever they change.
create table trace (
  project bigint not null,
  trace_id text not null,
  root_span_id text,
  leading_span_id text,
  name text not null,
  kind text not null,
  operation text,
  product text,
  status text not null,
  error_type text,
  error_message text,
  start_ns bigint not null,
  end_ns bigint not null,
  input_preview text,
  output_preview text,
  models text not null,
  providers text not null,
  agent_name text,
  session_id text,
  user_id text,
  tags text not null,
  metadata text not null,
  service text,
  environment text,
  span_count bigint not null,
  error_count bigint not null,
  usage_input bigint,
  usage_output bigint,
  usage_total bigint,
  usage_cache_read bigint,
  usage_cache_write bigint,
  usage_reasoning bigint,
  cost_input double precision,
  cost_output double precision,
  cost_total double precision,
  cost_source text,
  ttft_ns bigint,
  -- By which mapping its oldest span was derived.
  mapper_version bigint not null default 0,
  received_at bigint not null,
  -- Kept at least so long, whatever the project keeps.
  keep_until bigint,
  -- JSON: the tags that people and automations added; they are among its tags too.
  added_tags text,
  primary key (project, trace_id)
);
-- The newest traces of a project: every list.
create index trace_newest on trace (project, start_ns desc, trace_id);
-- The traces of a session, and the sessions of a project.
create index trace_session on trace (project, session_id, start_ns) where session_id is not null;
-- What an end user used.
create index trace_user on trace (project, user_id, start_ns) where user_id is not null;

-- The traces that came in first: what goes when a project keeps traces for a time.
create index trace_received on trace (project, received_at);
-- What an older mapping derived. New rows stand at its end, so that keeping it costs next to nothing.
create index trace_mapper on trace (project, mapper_version);

create table span (
  project bigint not null,
  trace_id text not null,
  span_id text not null,
  parent_span_id text,
  name text not null,
  kind text not null,
  operation text,
  status text not null,
  error_type text,
  error_message text,
  start_ns bigint not null,
  end_ns bigint not null,
  provider text,
  request_model text,
  response_model text,
  response_id text,
  usage_input bigint,
  usage_output bigint,
  usage_total bigint,
  usage_cache_read bigint,
  usage_cache_write bigint,
  usage_reasoning bigint,
  usage_scope text not null,
  cost_input double precision,
  cost_output double precision,
  cost_total double precision,
  cost_source text,
  ttft_ns bigint,
  finish_reasons text,
  session_id text,
  user_id text,
  tags text,
  metadata text,
  trace_name text,
  agent_name text,
  product text,
  service text,
  environment text,
  input_preview text,
  output_preview text,
  has_messages bigint not null,
  -- Whether this span is a generation, and so is shown as a log.
  is_log bigint not null,
  deployment_id text,
  deployment_key text,
  -- The id under which the client's own system knows the log, where it sent one.
  log_id text,
  convention text not null,
  -- Under which other reports of the same call are found, where its client makes several; see model_call.
  call_key text,
  mapper_version bigint not null,
  -- What the client stated of its version in a request header, where that decides how attributes are read.
  ingestion_version bigint,
  -- The scalar attributes, for filters; everything as it came is in the chunk.
  attributes text not null,
  chunk_id bigint not null,
  received_at bigint not null,
  primary key (project, trace_id, span_id)
);
-- The newest logs of a project.
create index span_log on span (project, start_ns desc, trace_id, span_id) where is_log = 1;
-- A log by the id its client knows.
create index span_log_id on span (project, log_id) where log_id is not null;

-- Calls that clients are known to report to several traces, with those traces, separated by commas.
create table model_call (
  project bigint not null,
  call_key text not null,
  traces text not null,
  primary key (project, call_key)
){clustered};

-- The spans of one trace that came in one request, as they came: OTLP TracesData, compressed with zstd.
create table span_chunk (
  project bigint not null,
  trace_id text not null,
  chunk_id bigint not null,
  body {blob} not null,
  primary key (project, trace_id, chunk_id)
);

-- OpenTelemetry log records, joined to their spans when they are read.
create table log_record (
  project bigint not null,
  trace_id text not null,
  span_id text not null,
  record_id bigint not null,
  time_ns bigint not null,
  position bigint not null,
  event_name text,
  severity_number bigint,
  -- OTLP LogsData with one record, compressed with zstd.
  body {blob} not null,
  received_at bigint not null,
  primary key (project, trace_id, span_id, record_id)
);
-- The log records that came in first: those without a trace go when their time is over.
create index log_record_received on log_record (project, received_at);

-- What arrived from whom, by the hour; see /v2/ingest/doctor.
create table ingest_statistics (
  project bigint not null,
  -- Its beginning.
  hour bigint not null,
  client text not null,
  sdk text not null,
  scope text not null,
  scope_version text not null,
  convention text not null,
  measure text not null,
  -- Of what, where a measure counts several things.
  name text not null,
  count bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  primary key (project, hour, client, sdk, scope, scope_version, convention, measure, name)
){clustered};

-- What the automations of a project wait for: the shortest of their times, in microseconds. No row: for nothing.
create table trace_listener (
  project bigint primary key,
  -- After the root of a trace has ended; null: nobody waits for traces to settle.
  quiet bigint,
  -- Without a root that has ended.
  idle bigint,
  -- 1: somebody waits for annotations and verdicts.
  feedback bigint not null
){clustered};

-- Traces that automations are still to look at.
create table trace_settling (
  project bigint not null,
  trace_id text not null,
  -- 'settled': it had spans; 'feedback': something was said of it.
  cause text not null,
  due_at bigint not null,
  -- Since when nothing came; it grows with every change, so that it tells whether somebody looked at the newest.
  since bigint not null,
  ended bigint not null,
  -- How long it had been quiet when it was last looked at, in microseconds.
  waited bigint not null,
  primary key (project, trace_id, cause)
){clustered};
create index trace_settling_due on trace_settling (due_at);

-- Images, recordings and files, once per project by the hash of their bytes.
create table media (
  project bigint not null,
  -- In lower-case hex.
  sha256 text not null,
  -- The beginning of the hash in base64: the id under which Langfuse's clients know the bytes.
  short_id text not null,
  -- What the bytes are, told by how they begin; 'application/octet-stream' for all that a browser could run.
  content_type text not null,
  declared_type text,
  size bigint not null,
  body {blob} not null,
  created_at bigint not null,
  primary key (project, sha256)
);
create index media_short_id on media (project, short_id);

-- Which spans refer to an item. chunk_id is the chunk whose text the bytes were cut out of, 0 when they came otherwise.
create table media_use (
  project bigint not null,
  trace_id text not null,
  span_id text not null,
  chunk_id bigint not null,
  sha256 text not null,
  primary key (project, trace_id, span_id, chunk_id, sha256)
){clustered};
create index media_use_item on media_use (project, sha256);

-- Addresses at which one item may be sent or fetched without a key, for a while.
create table media_link (
  token_hash text primary key,
  project bigint not null,
  -- 'upload' or 'download'
  purpose text not null,
  sha256 text,
  content_type text,
  size bigint,
  trace_id text not null,
  span_id text not null,
  expires_at bigint not null,
  used_at bigint
){clustered};
create index media_link_waiting on media_link (project, expires_at) where used_at is null;

create table human_review (
  id text primary key,
  project bigint not null,
  key text not null,
  type text not null,
  display_name text not null,
  description text not null,
  version bigint not null,
  config text not null,
  options text not null,
  position bigint not null,
  archived_at bigint,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create unique index human_review_key on human_review (project, key) where archived_at is null;

create table human_review_version (
  human_review_id text not null references human_review (id) on delete cascade,
  version bigint not null,
  definition text not null,
  created_by text not null,
  created_at bigint not null,
  primary key (human_review_id, version)
){clustered};

create table human_review_set (
  id text primary key,
  project bigint not null,
  display_name text not null,
  description text,
  human_review_ids text not null,
  filter_type text not null,
  filter_values text not null,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};

-- The current value of one annotator for one subject on one span. The subject is a human review, or the evaluator
-- result that is corrected. Removed values stay, marked, so that their history can be found.
-- Not clustered: new rows are appended, and only the key and the value index are scattered.
create table annotation (
  project bigint not null,
  trace_id text not null,
  span_id text not null,
  subject text not null,
  annotator_kind text not null,
  annotator_id text not null,
  id text not null,
  key text not null,
  -- 'human_review' or 'evaluator_correction'
  subject_kind text not null,
  type text not null,
  definition_version bigint not null,
  value_text text,
  value_number double precision,
  -- The value as JSON.
  value text not null,
  explanation text,
  identity_id text,
  source text not null,
  -- The start of the trace, so that the newest annotated traces are one range of annotation_value.
  trace_start_ns bigint not null,
  -- The annotation queue in which the value was said.
  queue_id text,
  created_at bigint not null,
  updated_at bigint not null,
  removed_at bigint,
  primary key (project, trace_id, span_id, subject, annotator_kind, annotator_id)
);
-- An annotation by id, and all of a project newest first.
create unique index annotation_id on annotation (project, id{bytes_order});
-- The newest traces that carry a value.
create index annotation_value on annotation (project, key, value_text, trace_start_ns desc, trace_id)
  where removed_at is null;

-- Everything that ever happened to annotations; only ever appended to.
create table annotation_event (
  project bigint not null,
  trace_id text not null,
  id text not null,
  span_id text not null,
  annotation_id text not null,
  action text not null,
  value text,
  explanation text,
  definition_version bigint not null,
  annotator_kind text not null,
  annotator_id text not null,
  -- Who sent it: 'key:…' or 'member:…', and with which client.
  actor text not null,
  client text,
  identity_id text,
  source text not null,
  duration_ms bigint,
  at bigint not null,
  -- The annotation queue in which it was said.
  queue_id text,
  -- Ids are in the order of time, so what is new is appended instead of scattered.
  primary key (project, annotation_id, id)
){clustered};

-- A machine's verdict on a span.
create table evaluator_result (
  project bigint not null,
  trace_id text not null,
  span_id text not null,
  id text not null,
  evaluator text not null,
  name text not null,
  annotator_kind text not null,
  output_type text not null,
  status text not null,
  value_text text,
  value_number double precision,
  value text,
  label text,
  passed bigint,
  explanation text,
  source text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (project, trace_id, span_id, evaluator)
){clustered};
create unique index evaluator_result_id on evaluator_result (project, id);
-- The newest traces that carry a verdict of one evaluator.
create index evaluator_result_value on evaluator_result (project, evaluator, value_text);

-- What /v2/feedback answered with, so that it can be removed by that id.
create table feedback (
  project bigint not null,
  id text not null,
  trace_id text not null,
  span_id text not null,
  annotation_id text not null,
  created_at bigint not null,
  primary key (project, id)
){clustered};

create index feedback_trace on feedback (project, trace_id);

-- Reports about the product itself, /v3/submit-feedback.
create table feedback_message (
  id text primary key,
  workspace_id text not null,
  message text not null,
  category text not null,
  request_id text,
  url text,
  created_by text not null,
  created_at bigint not null
){clustered};

-- What a client said of a session beyond what its traces say.
create table session (
  project bigint not null,
  id text not null,
  external_id text not null,
  data text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (project, id)
){clustered};
create unique index session_external on session (project, external_id);

-- A list as somebody wants to see it again: filter, columns, order, density, time.
create table saved_view (
  id text primary key,
  project bigint not null,
  -- The screen it belongs to, such as 'traces'.
  page text not null,
  display_name text not null,
  description text,
  filter_by text not null,
  columns text not null,
  column_labels text not null,
  sort text,
  density text,
  time_range text,
  is_default bigint not null,
  -- The one who sees it; null: everybody in the project.
  private_to text,
  version bigint not null,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create index saved_view_place on saved_view (project, page);

-- Work that goes on after the request that asked for it was answered.
create table job (
  id text primary key,
  project bigint not null,
  kind text not null,
  -- queued, running, done, failed, canceled
  state text not null,
  input text not null,
  -- How far it is, in the words of its kind.
  position text not null,
  total bigint not null,
  done bigint not null,
  failed bigint not null,
  error text,
  cancel_asked bigint not null,
  -- Who works on it, and until when nobody else may.
  worker text,
  lease_until bigint,
  -- For whom it works.
  caller text not null,
  created_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  ended_at bigint
){clustered};
-- The jobs that are not ended, oldest first.
create index job_open on job (created_at) where ended_at is null;
-- The jobs of a project, newest first.
create index job_newest on job (project, created_at desc);

-- Who is told of what happens in a project, by a signed request to an address of theirs.
create table webhook (
  project bigint not null,
  -- Made by the client.
  id text not null,
  display_name text not null,
  url text not null,
  -- 'application/json' or 'application/x-www-form-urlencoded'
  content_type text not null,
  -- JSON: the names of events.
  events text not null,
  -- What deliveries are signed with.
  secret text not null,
  enabled bigint not null,
  -- How many attempts failed since the last one that arrived, and since when.
  failure_count bigint not null,
  failing_since bigint,
  -- Why the server disabled it; null when somebody else did, or nobody.
  disabled_because text,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (project, id)
){clustered};

-- The enabled webhooks by event: what every change asks, so it holds nothing else.
create table webhook_subscription (
  project bigint not null,
  event text not null,
  webhook_id text not null,
  primary key (project, event, webhook_id)
){clustered};

-- What is to be delivered, and what became of it. Written with the change it tells of.
create table webhook_delivery (
  id text primary key,
  project bigint not null,
  webhook_id text not null,
  -- The same in every delivery that tells of one thing.
  event_id text not null,
  event text not null,
  -- The trace it tells of, with which it goes.
  trace_id text,
  -- JSON: what is said of it.
  metadata text not null,
  -- 'waiting', 'delivered' or 'failed'
  state text not null,
  attempts bigint not null,
  -- When it is tried next; while it is being tried: when that is given up. null: never again.
  next_at bigint,
  worker text,
  -- The last answer.
  status_code bigint,
  response text,
  error text,
  duration_ms bigint,
  replay_of text,
  -- When what it tells of happened.
  happened_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  ended_at bigint
);
create index webhook_delivery_due on webhook_delivery (project, webhook_id, next_at) where next_at is not null;
create index webhook_delivery_newest on webhook_delivery (project, webhook_id, id{bytes_order} desc);
create index webhook_delivery_trace on webhook_delivery (project, trace_id) where trace_id is not null;
create index webhook_delivery_ended on webhook_delivery (ended_at) where ended_at is not null;

-- Work for reviewers: what is to be judged, by which human reviews, by how many people.
create table queue (
  id text primary key,
  project bigint not null,
  display_name text not null,
  description text not null,
  -- Markdown.
  instructions text not null,
  -- JSON: [{human_review_id, required}], in the order in which they are asked; empty: all of the project.
  questions text not null,
  -- How many people judge each item.
  overlap bigint not null,
  -- 1: nobody sees another's answer until the item is complete.
  blind bigint not null,
  lease_seconds bigint not null,
  -- 'oldest', 'newest', 'random' or 'field'
  order_by text not null,
  order_field text,
  order_descending bigint not null,
  -- Whether a corrected answer is asked for: 'none', 'optional' or 'required'
  correction text not null,
  -- 1: whoever may review in the project; 0: those of queue_reviewer.
  open_to_all bigint not null,
  -- JSON: what reviewers see of an item.
  view text not null,
  due_at bigint,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create index queue_place on queue (project, id);
create index queue_blind on queue (blind) where blind = 1;

-- Who may review in a queue, and where each reviewer's last search ended (a hint that saves walking over what they did).
create table queue_reviewer (
  queue_id text not null references queue (id) on delete cascade,
  reviewer text not null,
  -- 1: named by whoever manages the queue; 0: only the hint.
  named bigint not null,
  cursor_priority bigint,
  cursor_key bigint,
  cursor_id text,
  primary key (queue_id, reviewer)
){clustered};
create index queue_reviewer_who on queue_reviewer (reviewer, named);

create table queue_item (
  id text primary key,
  project bigint not null,
  queue_id text not null references queue (id) on delete cascade,
  -- 'span', 'trace' or 'datapoint'
  kind text not null,
  trace_id text,
  -- What is judged; of a whole trace: empty.
  span_id text,
  datapoint_id text,
  -- The same thing is never in a queue twice: kind, trace, span or datapoint as one text.
  subject text not null,
  -- 'open', 'completed', or 'orphaned': it was to be judged when its span was gone
  state text not null,
  priority bigint not null,
  sort_key bigint not null,
  -- The one reviewer who is to judge it; null: anybody.
  assignee text,
  overlap bigint not null,
  -- Seats that count: reserved, held and submitted.
  taken bigint not null,
  -- Seats that were submitted.
  answered bigint not null,
  -- How often a lease at it lapsed, how many declined it, how many flagged it.
  lapses bigint not null,
  declines bigint not null,
  flags bigint not null,
  added_by text not null,
  added_at bigint not null,
  updated_at bigint not null,
  completed_at bigint
){clustered};
create unique index queue_item_subject on queue_item (queue_id, subject);
create index queue_item_next on queue_item (queue_id, state, priority desc, sort_key, id{bytes_order});
-- All items in the order in which they are judged, complete or not.
create index queue_item_order on queue_item (queue_id, priority desc, sort_key, id{bytes_order});
-- How far a queue is, counted without a look at its items.
create index queue_item_count on queue_item (queue_id, state, answered);
create index queue_item_trace on queue_item (project, trace_id);
-- What reviewers are given: the next one that has a seat for anybody, or for one of them.
create index queue_item_free on queue_item (queue_id, priority desc, sort_key, id{bytes_order})
  where state = 'open' and taken < overlap and assignee is null;
create index queue_item_assigned on queue_item (queue_id, assignee, priority desc, sort_key, id{bytes_order})
  where state = 'open' and assignee is not null;

-- One reviewer's place at one item.
create table queue_seat (
  queue_id text not null references queue (id) on delete cascade,
  item_id text not null references queue_item (id) on delete cascade,
  reviewer text not null,
  -- 'reserved', 'held', 'submitted', 'skipped', 'declined' or 'lapsed'
  state text not null,
  lease_until bigint,
  claimed_at bigint not null,
  ended_at bigint,
  -- Time with the item on the screen, in milliseconds.
  active_ms bigint not null,
  -- JSON of the screen: what was typed and not yet submitted.
  draft text,
  draft_at bigint,
  -- JSON: what was said at the last submission, and what stood before it, for undo.
  answers text,
  before text,
  submission_id text,
  note text,
  flagged bigint not null,
  reason text,
  primary key (item_id, reviewer)
){clustered};
create index queue_seat_mine on queue_seat (queue_id, reviewer, state, ended_at);
create index queue_seat_lease on queue_seat (queue_id, lease_until);

-- What was learnt, as pairs of question and answer: for evaluation, fine-tuning and preference pairs.
create table dataset (
  id text primary key,
  project bigint not null,
  workspace_id text not null,
  display_name text not null,
  -- The folder in its project, such as 'support/2026'; empty at the top.
  path text not null,
  -- The number the next datapoint gets.
  next_position bigint not null,
  -- How many snapshots were made.
  snapshots bigint not null,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create index dataset_place on dataset (project, id);

create table datapoint (
  id text primary key,
  project bigint not null,
  dataset_id text not null references dataset (id) on delete cascade,
  -- Its place in the dataset, in the order in which they came.
  position bigint not null,
  -- JSON: variables, messages, what people said of the span it was taken from.
  inputs text,
  messages text,
  expected_output text,
  evaluations text,
  -- JSON: where it comes from (trace, span, queue item, annotation) and what was answered there.
  origin text,
  -- The hash of inputs, messages and expected output: the same content twice is found by it.
  content_hash text not null,
  -- The span it was taken from, and the hash of what was taken: by both, what is there already is known.
  source text,
  source_hash text not null,
  -- How many snapshots there were when it became what it is: later ones hold it as it is.
  since bigint not null,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create index datapoint_source on datapoint (dataset_id, source);
create unique index datapoint_position on datapoint (dataset_id, position);
create index datapoint_content on datapoint (dataset_id, content_hash, position);
-- What was taken from a trace, for when somebody deletes that.
create index datapoint_trace on datapoint (project, (origin{json} ->> 'trace_id')) where origin is not null;

-- A dataset as it was. What it held is not copied: it stands in datapoint while it is as it was, else in datapoint_past.
create table dataset_snapshot (
  id text primary key,
  dataset_id text not null references dataset (id) on delete cascade,
  -- Counts the snapshots of a dataset, from 1.
  number bigint not null,
  name text not null,
  datapoints bigint not null,
  created_by text not null,
  created_at bigint not null
){clustered};
create unique index dataset_snapshot_number on dataset_snapshot (dataset_id, number);

-- Datapoints that were changed or removed, as the snapshots after `since` up to `until` hold them.
create table datapoint_past (
  id text not null,
  project bigint not null,
  dataset_id text not null references dataset (id) on delete cascade,
  position bigint not null,
  inputs text,
  messages text,
  expected_output text,
  evaluations text,
  origin text,
  content_hash text not null,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null,
  since bigint not null,
  until bigint not null,
  primary key (dataset_id, position, since)
){clustered};
create index datapoint_past_id on datapoint_past (dataset_id, id);

-- What is done with traces that match, by itself.
create table automation (
  id text primary key,
  project bigint not null,
  name text not null,
  enabled bigint not null,
  -- JSON: filter, triggers, sampling, strata, quotas, actions.
  definition text not null,
  version bigint not null,
  -- Why its last failure failed.
  error text,
  error_at bigint,
  created_by text not null,
  updated_by text not null,
  created_at bigint not null,
  updated_at bigint not null
){clustered};
create index automation_place on automation (project, id);

-- What an automation did with a trace. It acts once on each: a row that says so is never written over.
create table automation_run (
  project bigint not null,
  trace_id text not null,
  automation_id text not null,
  id text not null,
  -- 'acted', 'not_sampled', 'over_quota' or 'failed'
  outcome text not null,
  reason text not null,
  -- Of which stratum it was; null: of none.
  stratum text,
  cause text not null,
  -- JSON: what became of each action.
  actions text not null,
  at bigint not null,
  primary key (project, trace_id, automation_id)
){clustered};
-- What an automation did, newest first.
create index automation_run_log on automation_run (automation_id, outcome, id{bytes_order} desc);

-- How often an automation did what on a day (UTC, counted from 1970): sums, and what quotas are held against.
create table automation_day (
  automation_id text not null,
  day bigint not null,
  -- '': of no stratum.
  stratum text not null,
  outcome text not null,
  count bigint not null,
  last_at bigint not null,
  primary key (automation_id, day, stratum, outcome)
){clustered};

-- What somebody took out of a queue: automations never put it back.
create table queue_removed (
  queue_id text not null references queue (id) on delete cascade,
  subject text not null,
  primary key (queue_id, subject)
){clustered};
