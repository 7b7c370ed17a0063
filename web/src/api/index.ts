import { path, send } from "./client";
import type {
  AggregateRow,
  Annotation,
  AnnotationEvent,
  AnswerValue,
  BulkAnnotation,
  Condition,
  FacetValues,
  HumanReview,
  Job,
  LinkedTrace,
  List,
  Log,
  LogDetail,
  ManyTraces,
  Me,
  OpenInvite,
  Preferences,
  ReviewInput,
  ReviewVersion,
  SignedIn,
  SpanDetail,
  SpanSummary,
  TraceExtent,
  TraceField,
  TraceFilters,
  TraceSearch,
  TraceSummary,
  View,
  ViewInput,
} from "./types";

export const session = {
  me: () => send<Me>("GET", "/api/me"),
  changeMe: (body: { display_name?: string; preferences?: Preferences }) => send<Me>("PATCH", "/api/me", { body }),
  signIn: (email: string, password: string) => send<SignedIn>("POST", "/api/sign-in", { body: { email, password } }),
  signInByLink: (token: string) => send<SignedIn>("POST", "/api/sign-in/link", { body: { token } }),
  signOut: () => send<void>("POST", "/api/sign-out"),
  signOutEverywhere: () => send<void>("POST", "/api/sign-out-everywhere"),
  changePassword: (body: { current_password?: string; new_password: string }) =>
    send<void>("POST", "/api/me/password", { body }),
  invite: (token: string) => send<OpenInvite>("GET", path`/api/invites/by-token/${token}`),
  acceptInvite: (token: string, body: { name?: string; email?: string; password?: string }) =>
    send<SignedIn>("POST", path`/api/invites/by-token/${token}/accept`, { body }),
};

export interface Aggregate {
  from: string;
  to: string;
  filters?: Condition[];
  query?: string;
  group_by?: string[];
  limit?: number;
}

/** Every call of one project. */
export function projectApi(project: string) {
  const annotation = (trace: string, span: string) => path`/v2/traces/${trace}/spans/${span}/annotation`;
  return {
    searchTraces: (body: TraceSearch, signal?: AbortSignal) =>
      send<List<TraceSummary>>("POST", "/v3/traces/search", { body, project, ...(signal ? { signal } : {}) }),
    aggregateTraces: (body: Aggregate) =>
      send<{ data: AggregateRow[] }>("POST", "/v3/traces/aggregate", { body, project }),
    traceFields: () => send<{ data: TraceField[] }>("GET", "/v3/traces/fields", { project }),
    traceFilters: () => send<TraceFilters>("GET", "/v3/traces/filters", { project, query: { include_all: true } }),
    facet: (field: string, from: string, to: string) =>
      send<FacetValues>("GET", path`/v3/traces/facets/${field}`, { project, query: { from, to, limit: 20 } }),
    trace: (id: string) =>
      send<{ trace: TraceSummary; linked_traces?: LinkedTrace[] }>("GET", path`/v3/traces/${id}`, { project }),
    spans: (id: string) =>
      send<List<SpanSummary>>("GET", path`/v3/traces/${id}/spans`, { project, query: { limit: 10_000 } }),
    span: (trace: string, span: string) =>
      send<{ span: SpanDetail }>("GET", path`/v3/traces/${trace}/spans/${span}`, { project }),
    annotations: (trace: string, span: string) => send<List<Annotation>>("GET", annotation(trace, span), { project }),
    annotate: (trace: string, span: string, key: string, value: AnswerValue) =>
      send<void>("POST", annotation(trace, span), { project, body: { annotations: [{ key, value }] } }),
    removeAnnotation: (trace: string, span: string, key: string, member: string) =>
      send<void>("DELETE", annotation(trace, span), {
        project,
        body: { keys: [key], annotator: { kind: "human", id: member } },
      }),
    annotationHistory: (id: string) =>
      send<List<AnnotationEvent>>("GET", path`/v2/annotations/${id}/history`, { project }),
    correctVerdict: (trace: string, span: string, verdict: string, value: AnswerValue, explanation: string) =>
      send<void>("POST", annotation(trace, span), {
        project,
        body: { annotations: [{ parent_annotation_id: verdict, value, ...(explanation ? { explanation } : {}) }] },
      }),
    removeVerdictCorrection: (trace: string, span: string, verdict: string, member: string) =>
      send<void>("DELETE", annotation(trace, span), {
        project,
        body: { parent_annotation_ids: [verdict], annotator: { kind: "human", id: member } },
      }),
    humanReviewVersions: (id: string) =>
      send<List<ReviewVersion>>("GET", path`/v2/human-evals/${id}/versions`, { project }),
    annotateMany: (body: BulkAnnotation) => send<Job>("POST", "/v2/annotations/bulk", { project, body }),
    deleteTraces: (body: ManyTraces) => send<Job>("POST", "/v3/traces/delete", { project, body }),
    deletePersonData: (id: string) => send<Job>("DELETE", path`/v2/identities/${id}/data`, { project }),
    deleteTrace: (id: string) => send<TraceExtent>("DELETE", path`/v3/traces/${id}`, { project }),
    traceExtent: (id: string) => send<TraceExtent>("GET", path`/v3/traces/${id}/extent`, { project }),
    job: (id: string) => send<Job>("GET", path`/v2/jobs/${id}`, { project }),
    cancelJob: (id: string) => send<Job>("POST", path`/v2/jobs/${id}/cancel`, { project }),
    views: (page: string) => send<List<View>>("GET", "/v3/views", { project, query: { page, limit: 200 } }),
    createView: (body: ViewInput) => send<{ view: View }>("POST", "/v3/views", { project, body }),
    updateView: (id: string, body: ViewInput) =>
      send<{ view: View }>("PATCH", path`/v3/views/${id}`, { project, body }),
    removeView: (id: string) => send<unknown>("DELETE", path`/v3/views/${id}`, { project }),
    humanReviews: () => send<HumanReview[]>("GET", "/v2/human-evals", { project, query: { include_archived: true } }),
    createHumanReview: (body: ReviewInput) => send<HumanReview>("POST", "/v2/human-evals", { project, body }),
    updateHumanReview: (id: string, body: ReviewInput) =>
      send<HumanReview>("PATCH", path`/v2/human-evals/${id}`, { project, body }),
    humanReviewUsage: (id: string) =>
      send<{ total?: number; options?: { value: string; count: number }[] }>("GET", path`/v2/human-evals/${id}/usage`, {
        project,
      }),
    removeHumanReview: (id: string) => send<unknown>("DELETE", path`/v2/human-evals/${id}`, { project }),
    logs: (query: Record<string, string | number | boolean | undefined>) =>
      send<List<Log>>("GET", "/v2/logs", { project, query }),
    log: (id: string) => send<LogDetail>("GET", path`/v2/logs/${id}`, { project }),
    correct: (id: string, value: string) =>
      send<LogDetail>("POST", path`/v2/logs/${id}/correction`, { project, body: { value } }),
    removeCorrection: (id: string) => send<void>("DELETE", path`/v2/logs/${id}/correction`, { project }),
  };
}

export type ProjectApi = ReturnType<typeof projectApi>;
export { settingsApi } from "./settings";
