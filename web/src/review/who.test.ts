import { expect, it } from "vitest";
import { clientName, nameOf, placeName } from "./who";

it.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", "Chrome"],
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge"],
  ["Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15", "Safari"],
  ["Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"],
  ["speakeasy-sdk/python 4.13.2 2.7 orq", "speakeasy-sdk python"],
  ["curl/8.9.1", "curl 8.9.1"],
  [undefined, undefined],
])("%s is shown as %s", (agent, name) => expect(clientName(agent)).toBe(name));

it("names annotators, and falls back to what is known of them", () => {
  expect(nameOf({ kind: "human", id: "01J", name: "Ann" }, "01J")).toBe("You");
  expect(nameOf({ kind: "human", id: "01K", name: "Ann" }, "01J")).toBe("Ann");
  expect(nameOf({ kind: "human", id: "user_0123456789abc" }, "01J")).toBe("user_0123456…");
  expect(nameOf({ kind: "automation", id: "rule" }, "01J")).toBe("automation rule");
});

it("says where something was said", () => {
  expect(["orq", "api", "zendesk", undefined].map(placeName)).toEqual([
    "in the app",
    "through the API",
    "from zendesk",
    undefined,
  ]);
});
