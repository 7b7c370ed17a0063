/** Server-sent events, read from an answer as it arrives: unlike EventSource with the headers of this app. */

export interface StreamMessage {
  event: string;
  id: string;
  data: string;
  /** How long to wait before connecting again, if the server says. */
  retry?: number;
}

/** Takes the whole messages off the front of a text; what is left is the beginning of the next one. */
export function takeMessages(text: string): { messages: StreamMessage[]; rest: string } {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop() ?? "";
  const messages = blocks.flatMap((block) => {
    const message: StreamMessage = { event: "", id: "", data: "" };
    for (const line of block.split(/\r?\n/)) {
      const [, name, value = ""] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
      if (name === "event" || name === "id") message[name] = value;
      else if (name === "data") message.data += message.data ? `\n${value}` : value;
      else if (name === "retry" && /^\d+$/.test(value)) message.retry = Number(value);
    }
    return message.event || message.data ? [message] : [];
  });
  return { messages, rest };
}

/** The messages of an answer, until it ends or is given up. `alive` is told of every byte, comments too. */
export async function* messagesOf(response: Response, alive: () => void): AsyncGenerator<StreamMessage> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const taken = takeMessages(text + value);
    text = taken.rest;
    yield* taken.messages;
  }
}
