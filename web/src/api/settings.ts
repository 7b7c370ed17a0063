import { path, send } from "./client";
import type { Job } from "./types";

export type Role = "owner" | "admin" | "developer" | "reviewer" | "viewer";

export interface Member {
  id: string;
  display_name: string;
  email?: string;
  role?: string;
  workspace_role?: string;
  last_activity?: string;
}

export interface Invite {
  id: string;
  email?: string;
  role: string;
  status: "open" | "used" | "expired";
  created_by_id: string;
  created_at: string;
  expires_at: string;
  /** The path of the link; only when the invite is made. */
  path?: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** The secret when the key is made; afterwards its first and last characters. */
  token: string;
  status: string;
  expiration?: string;
  projects: string[];
  scopes: string[];
  created_by_id: string;
  created: string;
  last_used_at?: string;
}

export interface NewApiKey {
  name: string;
  scopes: string[];
  project_scope: { mode: "single"; project_id: string } | { mode: "all" };
  expiration?: string;
}

export interface ProjectInfo {
  /** Since when its data goes for good. */
  deleting_since?: string;
  project_id: string;
  name: string;
  key: string;
  is_default: boolean;
  description?: string;
  /** For how many days traces are kept; absent: for ever. */
  retention_days?: number;
  created_at: string;
}

/** Something to know or to do about what arrives. */
export interface IngestAdvice {
  code: string;
  severity: "warning" | "info";
  message: string;
  setting?: string;
}

/** One instrumentation of one client, and what it sent. */
export interface IngestSource {
  client?: string;
  sdk?: string;
  scope: { name: string; version?: string };
  convention?: string;
  spans: number;
  traces: number;
  errors: number;
  log_records: number;
  model_calls: number;
  model_calls_without_content: number;
  redacted: number;
  first_seen_at: string;
  last_seen_at: string;
  unmapped_attributes: { key: string; count: number }[];
  advice: IngestAdvice[];
}

export interface IngestRejection {
  client?: string;
  what: "span" | "log_record" | "request";
  reason: string;
  count: number;
  last_seen_at: string;
}

export interface IngestDoctor {
  from: string;
  to: string;
  spans: number;
  metrics_requests: number;
  sources: IngestSource[];
  rejected: IngestRejection[];
  advice: IngestAdvice[];
}

export interface RetentionPreview {
  retention_days: number;
  before: string;
  traces: number;
}

/** What is set up around a project: people, keys, other projects. */
export function settingsApi(project: string) {
  return {
    members: () => send<{ data: Member[] }>("GET", "/api/members", { project }),
    changeMember: (id: string, body: { role?: string; workspace_role?: string; display_name?: string }) =>
      send<Member>("PATCH", path`/api/members/${id}`, { project, body }),
    removeMember: (id: string, project_only: boolean) =>
      send<void>("DELETE", path`/api/members/${id}`, { project, query: { project_only } }),
    invites: () => send<{ data: Invite[] }>("GET", "/api/invites", { project }),
    invite: (body: { role: string; email?: string; expires_in_days: number; queue_id?: string }) =>
      send<Invite>("POST", "/api/invites", { project, body }),
    revokeInvite: (id: string) => send<void>("DELETE", path`/api/invites/${id}`, { project }),
    apiKeys: () => send<ApiKey[]>("GET", "/v2/api-keys", { project }),
    createApiKey: (body: NewApiKey) => send<ApiKey>("POST", "/v2/api-keys", { project, body }),
    switchApiKey: (id: string, active: boolean) =>
      send<ApiKey>("PATCH", path`/v2/api-keys/${id}`, { project, body: { active } }),
    deleteApiKey: (id: string) => send<void>("DELETE", path`/v2/api-keys/${id}`, { project }),
    projects: () =>
      send<{ data: ProjectInfo[]; has_more: boolean }>("GET", "/v2/projects", { project, query: { limit: 200 } }),
    createProject: (body: { name: string; description?: string }) =>
      send<{ project: ProjectInfo }>("POST", "/v2/projects", { project, body }),
    changeProject: (id: string, body: { name: string; description: string }) =>
      send<{ project: ProjectInfo }>("PATCH", path`/v2/projects/${id}`, { project, body }),
    project: (id: string) => send<{ project: ProjectInfo }>("GET", path`/v2/projects/${id}`, { project }),
    archivedProjects: () =>
      send<{ data: ProjectInfo[] }>("GET", "/v2/projects", { project, query: { limit: 200, archived: true } }),
    restoreProject: (id: string) =>
      send<{ project: ProjectInfo }>("POST", path`/v2/projects/${id}/restore`, { project }),
    deleteProject: (id: string) => send<Job>("DELETE", path`/v2/projects/${id}/data`, { project }),
    keepFor: (id: string, retention_days: number) =>
      send<{ project: ProjectInfo }>("PATCH", path`/v2/projects/${id}`, { project, body: { retention_days } }),
    retention: (id: string, days: number) =>
      send<RetentionPreview>("GET", path`/v2/projects/${id}/retention`, { project, query: { days } }),
    ingestDoctor: (hours: number) => send<IngestDoctor>("GET", "/v2/ingest/doctor", { project, query: { hours } }),
    archiveProject: (id: string) => send<unknown>("DELETE", path`/v2/projects/${id}`, { project }),
  };
}
