import { path, send } from "./client";

export type ContentType = "application/json" | "application/x-www-form-urlencoded";

export interface Webhook {
  _id: string;
  display_name: string;
  url: string;
  content_type: string;
  events: string[];
  /** Masked, but in the answer to whoever makes it. */
  secret: string;
  enabled: boolean;
  failure_count: number;
  failing_since?: string;
  disabled_reason?: string;
  last_delivery?: { id: string; state: string; status_code?: number; error?: string; created_at: string };
  created: string;
}

export interface Delivery {
  id: string;
  event_id: string;
  event: string;
  metadata: Record<string, unknown>;
  state: string;
  trying: boolean;
  attempts: number;
  next_attempt_at?: string;
  status_code?: number;
  response?: string;
  error?: string;
  duration_ms?: number;
  replay_of?: string;
  happened_at: string;
  created_at: string;
}

export interface WebhookChange {
  display_name?: string;
  url?: string;
  content_type?: string;
  events?: string[];
  secret?: string;
  enabled?: boolean;
}

/** Who is told of what happens in a project. */
export function webhooksApi(project: string) {
  return {
    list: () => send<{ items: Webhook[] }>("GET", "/v2/webhooks", { project, query: { limit: 200 } }),
    secret: () => send<{ secret: string }>("GET", "/v2/webhooks/secret", { project }),
    create: (body: WebhookChange & { _id: string }) => send<Webhook>("POST", "/v2/webhooks", { project, body }),
    update: (id: string, body: WebhookChange) =>
      send<WebhookChange>("PATCH", path`/v2/webhooks/${id}`, { project, body }),
    remove: (id: string) => send<unknown>("DELETE", path`/v2/webhooks/${id}`, { project }),
    deliveries: (id: string, state: string, after?: string) =>
      send<{ data: Delivery[]; has_more: boolean }>("GET", path`/v3/webhooks/${id}/deliveries`, {
        project,
        query: { limit: 20, state: state || undefined, starting_after: after },
      }),
    replay: (id: string, delivery: string) =>
      send<Delivery>("POST", path`/v3/webhooks/${id}/deliveries/${delivery}/replay`, { project }),
    test: (id: string) => send<Delivery>("POST", path`/v3/webhooks/${id}/test`, { project }),
  };
}
