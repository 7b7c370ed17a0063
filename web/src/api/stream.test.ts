import { expect, it } from "vitest";
import { takeMessages } from "./stream";

it("messages are taken whole, however they are cut", () => {
  const text = 'event: open\nretry: 2000\nid: a-1\ndata: {}\n\n:\n\nevent: changes\nid: a-2\ndata: {"events":[]}\n\n';
  const whole = takeMessages(text);
  expect(whole).toEqual({
    messages: [
      { event: "open", id: "a-1", data: "{}", retry: 2000 },
      { event: "changes", id: "a-2", data: '{"events":[]}' },
    ],
    rest: "",
  });
  for (let cut = 0; cut <= text.length; cut++) {
    const first = takeMessages(text.slice(0, cut));
    const second = takeMessages(first.rest + text.slice(cut));
    expect([...first.messages, ...second.messages]).toEqual(whole.messages);
  }
});
