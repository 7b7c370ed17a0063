import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Plus } from "lucide-react";
import { useState } from "react";
import { asApiError } from "../api/error";
import { type Webhook, webhooksApi } from "../api/webhooks";
import { may, useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Page } from "../settings/Page";
import { Secret } from "../settings/Secret";
import { WebhookForm } from "../settings/WebhookForm";
import { DeliveryState, WebhookLog } from "../settings/WebhookLog";
import { eventLabel } from "../settings/webhookEvents";
import { Button, IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { cx } from "../ui/cx";
import { exact } from "../ui/format";
import { Menu } from "../ui/Menu";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";

/** Settings: who is told of what happens here. */
export function WebhooksPage() {
  const here = useHere();
  const { project } = here;
  const api = webhooksApi(project.project_id);
  const client = useQueryClient();
  const runs = may(here, "admin");
  const query = useQuery({
    queryKey: [project.key, "webhooks"],
    queryFn: async () => (await api.list()).items,
    enabled: runs,
  });
  const [editing, setEditing] = useState<Webhook | "new" | null>(null);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Webhook | null>(null);
  const again = () => client.invalidateQueries({ queryKey: [project.key, "webhooks"] });
  const soon = useThrottled(() => void query.refetch(), 1000);
  useLive(({ counts, missed }) => {
    if (missed || counts["webhook.updated"]) soon();
  });
  const act = (work: Promise<unknown>, done: string) =>
    void work.then(
      async () => {
        await again();
        toast(done);
      },
      (cause) => toast(asApiError(cause).message, { bad: true }),
    );
  if (!runs) return <ErrorPanel error={{ status: 403, message: "Webhooks are for admins of the project." }} />;
  return (
    <Page
      title="Webhooks"
      about="Addresses of yours that are told, by a signed request, when something happens in this project."
      action={
        <Button look="primary" onClick={() => setEditing("new")}>
          <Plus size={16} aria-hidden /> New webhook
        </Button>
      }
    >
      {made && (
        <Secret
          title={`The secret of ${made.name}`}
          text={made.secret}
          copy="Copy the secret"
          onDone={() => setMade(null)}
        >
          Give it to the receiver, which checks the signature of every request with it. It is shown only this once.
        </Secret>
      )}
      {query.isPending ? (
        <Skeleton lines={5} className="px-0" />
      ) : query.error ? (
        <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <div className="-mx-8">
          <Empty title="No webhooks yet">
            <p className="mb-3">
              One tells another program of every annotation, every complete queue item or every new datapoint.
            </p>
            <Button onClick={() => setEditing("new")}>Make the first webhook</Button>
          </Empty>
        </div>
      ) : (
        <ul aria-label="Webhooks" className="border-t">
          {query.data.map((webhook) => (
            <Row
              key={webhook._id}
              webhook={webhook}
              onLog={() => setShown(webhook._id)}
              onTest={() => act(api.test(webhook._id), "A test is on its way")}
              onEdit={() => setEditing(webhook)}
              onSwitch={() =>
                act(
                  api.update(webhook._id, { enabled: !webhook.enabled }),
                  `${webhook.display_name} is switched ${webhook.enabled ? "off" : "on"}`,
                )
              }
              onRemove={() => setRemoving(webhook)}
            />
          ))}
        </ul>
      )}
      <WebhookForm
        open={editing !== null}
        webhook={editing === "new" ? null : editing}
        onClose={() => setEditing(null)}
        onSaved={(name, secret) => {
          if (secret) setMade({ name, secret });
          void again();
        }}
      />
      <WebhookLog webhook={query.data?.find(({ _id }) => _id === shown) ?? null} onClose={() => setShown(null)} />
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Delete ${removing?.display_name ?? ""}?`}
        action="Delete"
        run={async () => {
          await api.remove(removing?._id ?? "");
          await again();
          toast(`${removing?.display_name} is deleted`);
        }}
      >
        <p>
          It is told of nothing more, and what waits to be delivered is dropped. The log of its deliveries goes too.
        </p>
      </Confirm>
    </Page>
  );
}

interface RowProps {
  webhook: Webhook;
  onLog: () => void;
  onTest: () => void;
  onEdit: () => void;
  onSwitch: () => void;
  onRemove: () => void;
}

function Row({ webhook, onLog, onTest, onEdit, onSwitch, onRemove }: RowProps) {
  const { display_name: name, last_delivery: last } = webhook;
  const events = webhook.events.map(eventLabel).join(", ");
  return (
    <li className="flex min-h-16 items-center gap-3 border-b py-2.5 max-sm:flex-wrap">
      <div className="min-w-0 flex-1 max-sm:basis-full">
        <div className="flex min-w-0 items-baseline gap-2">
          <span className={cx("truncate font-medium", !webhook.enabled && "text-ink-2")} title={name}>
            {name}
          </span>
          {!webhook.enabled && (
            <span className="shrink-0 rounded-sm bg-warn-soft px-1.5 text-xs text-warn">
              {webhook.disabled_reason ? "disabled by the server" : "switched off"}
            </span>
          )}
        </div>
        <div className="truncate font-mono text-xs text-ink-3" title={webhook.url}>
          {webhook.url}
        </div>
        <div className="truncate text-xs text-ink-2" title={events}>
          {events}
        </div>
        {webhook.disabled_reason && <p className="text-xs break-words text-bad">{webhook.disabled_reason}</p>}
        {webhook.enabled && webhook.failure_count > 0 && webhook.failing_since && (
          <p className="text-xs text-bad">
            {webhook.failure_count === 1 ? "The last attempt" : `The last ${webhook.failure_count} attempts`} failed,
            since {exact(webhook.failing_since)}.
          </p>
        )}
      </div>
      <div className="w-28 shrink-0 text-xs text-ink-2 max-sm:w-auto max-sm:flex-1">
        {last ? (
          <>
            <DeliveryState state={last.state} />
            <Time iso={last.created_at} className="num block" />
          </>
        ) : (
          "nothing delivered yet"
        )}
      </div>
      <span className="flex gap-1.5">
        <Button small aria-label={`Log of ${name}`} onClick={onLog}>
          Log
        </Button>
        <Button small aria-label={`Test ${name}`} onClick={onTest}>
          Test
        </Button>
        <Menu
          align="end"
          trigger={
            <IconButton name={`More for ${name}`} className="size-7">
              <Ellipsis size={16} aria-hidden />
            </IconButton>
          }
          entries={[
            { id: "edit", label: "Edit", run: onEdit },
            { id: "switch", label: webhook.enabled ? "Switch off" : "Switch on", run: onSwitch },
            { id: "delete", label: "Delete", run: onRemove },
          ]}
        />
      </span>
    </li>
  );
}
