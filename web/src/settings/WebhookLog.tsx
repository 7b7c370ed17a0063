import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, Clock, OctagonAlert } from "lucide-react";
import { useState } from "react";
import { asApiError } from "../api/error";
import { type Delivery, type Webhook, webhooksApi } from "../api/webhooks";
import { useHere } from "../app/project";
import { useLive, useThrottled } from "../app/useLive";
import { Button } from "../ui/Button";
import { CodeBlock } from "../ui/CodeBlock";
import { Select } from "../ui/Field";
import { duration, exact } from "../ui/format";
import { Dialog } from "../ui/Overlay";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { eventLabel } from "./webhookEvents";

/** What was delivered to a webhook, newest first, and once more. */
export function WebhookLog({ webhook, onClose }: { webhook: Webhook | null; onClose: () => void }) {
  return (
    <Dialog open={webhook !== null} onClose={onClose} title={`Deliveries to ${webhook?.display_name ?? ""}`} wide>
      {webhook && <Log webhook={webhook} />}
    </Dialog>
  );
}

function Log({ webhook }: { webhook: Webhook }) {
  const { project } = useHere();
  const api = webhooksApi(project.project_id);
  const client = useQueryClient();
  const [state, setState] = useState("");
  const query = useInfiniteQuery({
    queryKey: [project.key, "webhooks", webhook._id, "deliveries", state],
    queryFn: ({ pageParam }) => api.deliveries(webhook._id, state, pageParam || undefined),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.data.at(-1)?.id : undefined),
  });
  const again = useThrottled(() => void query.refetch(), 1000);
  useLive(({ counts, missed }) => {
    if (missed || counts["webhook.updated"]) again();
  });
  const replay = (delivery: Delivery) =>
    void api.replay(webhook._id, delivery.id).then(
      async () => {
        await client.invalidateQueries({ queryKey: [project.key, "webhooks", webhook._id] });
        toast("It is delivered once more");
      },
      (cause) => toast(asApiError(cause).message, { bad: true }),
    );
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <>
      <div className="flex items-center gap-3 border-b px-4 py-2.5">
        <label htmlFor="delivery-state" className="text-sm text-ink-2">
          Show
        </label>
        <Select
          id="delivery-state"
          className="max-w-44"
          value={state}
          onChange={(event) => setState(event.target.value)}
          options={[
            { value: "", label: "All" },
            { value: "delivered", label: "Delivered" },
            { value: "waiting", label: "Waiting" },
            { value: "failed", label: "Given up" },
          ]}
        />
      </div>
      <div className="scroll min-h-40 flex-1">
        {query.isPending && <Skeleton lines={4} />}
        {query.error && <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />}
        {query.data && rows.length === 0 && (
          <Empty title="Nothing here">Deliveries are kept for a week after they arrived or were given up.</Empty>
        )}
        <ul aria-label="Deliveries">
          {rows.map((delivery) => (
            <Row key={delivery.id} delivery={delivery} enabled={webhook.enabled} onReplay={() => replay(delivery)} />
          ))}
        </ul>
        {query.hasNextPage && (
          <div className="p-4">
            <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function Row({ delivery, enabled, onReplay }: { delivery: Delivery; enabled: boolean; onReplay: () => void }) {
  const [open, setOpen] = useState(false);
  const { status_code: code } = delivery;
  const facts = [
    code !== undefined && `answer ${code}`,
    delivery.duration_ms !== undefined && duration(delivery.duration_ms),
    delivery.attempts > 1 && `${delivery.attempts} attempts`,
    delivery.replay_of && "once more",
  ].filter(Boolean);
  return (
    <li className="border-b">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex min-h-12 cursor-pointer items-center gap-3 px-4 py-2 hover:bg-hover">
          <DeliveryState state={delivery.state} />
          <span className="min-w-0 flex-1">
            <span className="block truncate text-sm">{eventLabel(delivery.event)}</span>
            <span className="num block truncate text-xs text-ink-2">{facts.join(" · ")}</span>
          </span>
          <Time iso={delivery.created_at} className="num shrink-0 text-xs text-ink-2" />
        </summary>
        {open && (
          <div className="px-4 pb-4 text-sm">
            {delivery.error && <p className="mb-2 break-words text-bad">{delivery.error}</p>}
            {delivery.next_attempt_at && (
              <p className="mb-2 text-ink-2">It is tried again {exact(delivery.next_attempt_at)}.</p>
            )}
            <h3 className="text-xs font-semibold text-ink-3">What was sent</h3>
            <CodeBlock
              language="json"
              code={JSON.stringify(
                {
                  id: delivery.event_id,
                  created: delivery.happened_at,
                  type: delivery.event,
                  metadata: delivery.metadata,
                },
                null,
                2,
              )}
            />
            {delivery.response && (
              <>
                <h3 className="text-xs font-semibold text-ink-3">How the answer began</h3>
                <CodeBlock code={delivery.response} />
              </>
            )}
            {delivery.state !== "waiting" && (
              <Button small disabled={!enabled} onClick={onReplay}>
                Deliver once more
              </Button>
            )}
          </div>
        )}
      </details>
    </li>
  );
}

const STATES = {
  delivered: { Icon: CircleCheck, label: "delivered", look: "text-good" },
  waiting: { Icon: Clock, label: "waiting", look: "text-warn" },
  failed: { Icon: OctagonAlert, label: "failed", look: "text-bad" },
} as const;

/** How a delivery stands: an icon and a word. */
export function DeliveryState({ state }: { state: string }) {
  const { Icon, label, look } = STATES[state as keyof typeof STATES] ?? STATES.waiting;
  return (
    <span className={`inline-flex w-24 shrink-0 items-center gap-1.5 text-sm ${look}`}>
      <Icon size={14} aria-hidden />
      {label}
    </span>
  );
}
