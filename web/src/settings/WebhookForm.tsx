import { type FormEvent, type RefObject, useRef, useState } from "react";
import { type Webhook, webhooksApi } from "../api/webhooks";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { Field, Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { newWebhookId, WEBHOOK_EVENTS, wrongUrl } from "./webhookEvents";

interface FormProps {
  /** The one to change; none: a new one. */
  webhook: Webhook | null;
  onClose: () => void;
  /** With the secret, when there is a new one. */
  onSaved: (name: string, secret: string | null) => void;
}

/** A webhook: where it is, of what it is told, and in which form. */
export function WebhookForm({ open, ...rest }: FormProps & { open: boolean }) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={open} onClose={rest.onClose} title={rest.webhook ? "Edit webhook" : "New webhook"} focus={first}>
      <Body key={rest.webhook?._id} first={first} {...rest} />
    </Dialog>
  );
}

function Body({ first, webhook, onClose, onSaved }: FormProps & { first: RefObject<HTMLInputElement | null> }) {
  const { project } = useHere();
  const api = webhooksApi(project.project_id);
  const [name, setName] = useState(webhook?.display_name ?? "");
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [form, setForm] = useState(webhook?.content_type ?? "application/json");
  const [events, setEvents] = useState<string[]>(webhook?.events ?? ["annotation.created", "annotation.changed"]);
  const [renew, setRenew] = useState(false);
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const foreign = events.filter((event) => !WEBHOOK_EVENTS.some((one) => one.event === event));
  const wrong = {
    display_name: name.trim() === "" ? "Give it a name: who is told." : undefined,
    url: wrongUrl(url.trim()),
    events: events.length === 0 ? "Choose at least one." : undefined,
  };
  const said = (field: "display_name" | "url" | "events") =>
    tried
      ? (wrong[field] ?? (error?.field?.startsWith(field) ? error.message.replace(/^url\b/, "The address") : undefined))
      : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong.display_name || wrong.url || wrong.events) return;
    void run(async () => {
      const body = { display_name: name.trim(), url: url.trim(), content_type: form, events };
      const secret = !webhook || renew ? (await api.secret()).secret : null;
      if (webhook) await api.update(webhook._id, { ...body, ...(secret ? { secret } : {}) });
      else await api.create({ ...body, secret: secret ?? "", _id: newWebhookId() });
      onSaved(body.display_name, secret);
      onClose();
    });
  };
  const shown = error?.field && /^(display_name|url|events)/.test(error.field);
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-col">
      <div className="scroll min-h-0 px-4 pt-4">
        <Field label="Name" id="webhook-name" error={said("display_name")}>
          <input
            ref={first}
            id="webhook-name"
            className="field"
            maxLength={255}
            placeholder="Support dashboard"
            aria-invalid={Boolean(said("display_name"))}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label="Address" id="webhook-url" error={said("url")} hint="Where a POST request is sent.">
          <input
            id="webhook-url"
            type="url"
            className="field font-mono"
            maxLength={2000}
            placeholder="https://example.com/hooks/postil"
            aria-invalid={Boolean(said("url"))}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        </Field>
        <fieldset className="mb-5">
          <legend className="mb-1 text-sm font-medium">Tell when</legend>
          {WEBHOOK_EVENTS.map(({ event, label, about }) => (
            <label key={event} className="flex min-h-8 cursor-pointer items-start gap-2.5 py-1">
              <input
                type="checkbox"
                className="mt-0.5 size-4 shrink-0 accent-(--accent)"
                checked={events.includes(event)}
                onChange={({ target }) =>
                  setEvents(target.checked ? [...events, event] : events.filter((one) => one !== event))
                }
              />
              <span className="text-sm">
                {label}
                {about && <span className="block text-xs text-ink-2">{about}</span>}
              </span>
            </label>
          ))}
          {foreign.length > 0 && (
            <p className="mt-1 text-xs text-ink-2">
              Also subscribed by a client, and never happening here: {foreign.join(", ")}.
            </p>
          )}
          {said("events") && (
            <p role="alert" className="mt-1 text-sm text-bad">
              {said("events")}
            </p>
          )}
        </fieldset>
        <Field label="Sent as" id="webhook-form">
          <Select
            id="webhook-form"
            value={form}
            onChange={(event) => setForm(event.target.value)}
            options={[
              { value: "application/json", label: "JSON" },
              { value: "application/x-www-form-urlencoded", label: "Form fields" },
            ]}
          />
        </Field>
        {webhook && (
          <label className="mb-5 flex cursor-pointer items-start gap-2.5 text-sm">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
              checked={renew}
              onChange={({ target }) => setRenew(target.checked)}
            />
            <span>
              Make a new secret
              <span className="block text-xs text-ink-2">The old one signs nothing from then on.</span>
            </span>
          </label>
        )}
        {error && !shown && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          {webhook ? "Save" : "Create the webhook"}
        </Button>
      </div>
    </form>
  );
}
