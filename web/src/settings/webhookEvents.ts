/** What a webhook can be told of, in words. */
export const WEBHOOK_EVENTS = [
  {
    event: "annotation.created",
    label: "Somebody annotates",
    about: "The first answer to a question, or a correction.",
  },
  { event: "annotation.changed", label: "An annotation changes", about: "The same person now says something else." },
  { event: "annotation.removed", label: "An annotation is taken back", about: "" },
  {
    event: "queue_item.completed",
    label: "A queue item is complete",
    about: "As many reviewers as its queue asks for have judged it.",
  },
  { event: "queue.finished", label: "A queue is finished", about: "Its last open item was completed." },
  { event: "trace.matched", label: "An automation matches a trace", about: "" },
  { event: "datapoint.created", label: "A datapoint is added to a dataset", about: "" },
  {
    event: "webhook.disabled",
    label: "Another webhook is disabled",
    about: "The server gave up on one that failed for long.",
  },
] as const;

/** The name of an event, in words where it has some. */
export const eventLabel = (event: string): string =>
  event === "webhook.test" ? "Test" : (WEBHOOK_EVENTS.find((one) => one.event === event)?.label ?? event);

/** An id for a new webhook: made by the client, as the API wants it. */
export const newWebhookId = (): string => crypto.randomUUID();

/** What is wrong with an address, if anything is. */
export function wrongUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return "Write an address that begins with https:// or http://.";
  if (url.username || url.password) return "Leave the user name and the password out: deliveries are signed instead.";
  return undefined;
}
