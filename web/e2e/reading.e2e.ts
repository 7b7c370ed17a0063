import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

const traceOf = (id: number) => id.toString(16).padStart(32, "a");
const [TALK, FOUND, JSON_ONLY, EMPTY, FAILED, LONG] = [1, 2, 3, 4, 5, 6] as const;

const CODE =
  "Here it is:\n\n```python\n# counts\ndef total(items):\n    return sum(items)  # 42\n```\n\nShall I run it?";
const TALKED = {
  input: [
    { role: "system", parts: [{ type: "text", content: "You help with orders. ".repeat(20) }] },
    { role: "user", parts: [{ type: "text", content: "Where is order 4711, and how do I **sum** a list?" }] },
    {
      role: "assistant",
      parts: [
        { type: "reasoning", content: "They ask two things. The order comes first." },
        { type: "tool_call", id: "call_1", name: "get_order", arguments: { id: 4711 } },
      ],
    },
    {
      role: "tool",
      parts: [{ type: "tool_call_response", id: "call_1", response: { status: "shipped", arrives: "Friday" } }],
    },
  ],
  output: [{ role: "assistant", parts: [{ type: "text", content: CODE }], finish_reason: "stop" }],
};
const documents = Object.fromEntries(
  ["Returns are free for thirty days.", `Shipping takes two days. ${"And so on, at length. ".repeat(120)}`].flatMap(
    (content, at) => [
      [`retrieval.documents.${at}.document.content`, content],
      [`retrieval.documents.${at}.document.id`, `doc-${at + 1}`],
      [`retrieval.documents.${at}.document.metadata`, JSON.stringify({ source: `handbook/${at + 1}.md` })],
    ],
  ),
);

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  const failed = otlpSpan(FAILED, "breaks", { "gen_ai.operation.name": "chat", "input.value": "Go on." });
  const attributes = [
    ["exception.type", "RateLimitError"],
    ["exception.message", "Slow down, please."],
    ["exception.stacktrace", "File app.py, line 7\nRateLimitError: Slow down, please."],
  ].map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const found = otlpSpan(FOUND, "find", {
    "openinference.span.kind": "RETRIEVER",
    "input.value": "Returns?",
    ...documents,
  }) as { attributes: object[] };
  const scores = [0.9, 0.8].map((doubleValue, at) => ({
    key: `retrieval.documents.${at}.document.score`,
    value: { doubleValue },
  }));
  const timeUnixNano = (failed as { endTimeUnixNano: string }).endTimeUnixNano;
  await postil.send([
    otlpSpan(TALK, "talk", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.input.messages": JSON.stringify(TALKED.input),
      "gen_ai.output.messages": JSON.stringify(TALKED.output),
    }),
    { ...found, attributes: [...found.attributes, ...scores] },
    otlpSpan(JSON_ONLY, "structured", {
      "gen_ai.operation.name": "chat",
      "input.value": "Answer as JSON.",
      "output.value": JSON.stringify({ order: { id: 4711, lines: [{ "sku code": "A-1", qty: 2 }] }, ok: true }),
    }),
    otlpSpan(EMPTY, "silent", {}),
    { ...failed, status: { code: 2, message: "" }, events: [{ name: "exception", timeUnixNano, attributes }] },
    otlpSpan(LONG, "long", {
      "gen_ai.operation.name": "chat",
      "input.value": "Tell me everything.",
      "output.value": `${"One more sentence. ".repeat(1500)}The very end.`,
    }),
  ]);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const span = (page: Page, name: string) => page.getByRole("region", { name: `Span ${name}` });
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

async function open(id: number, name: string) {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces/${traceOf(id)}`);
  await span(page, name).waitFor();
  return { page, complaints, shown: span(page, name) };
}

it("a conversation is read as one: a tool's call with its result, reasoning folded, code in colour", async () => {
  const { page, complaints, shown } = await open(TALK, "talk");
  await shown.getByRole("button", { name: /^Instructions, 80 words/ }).waitFor();
  expect(await shown.getByText("You help with orders.").count()).toBe(0);
  await shown.getByText("sum", { exact: true }).and(shown.locator("strong")).waitFor();
  const thought = shown.getByText("They ask two things.");
  expect(await thought.count()).toBe(0);
  await shown.getByRole("button", { name: "Reasoning, 8 words" }).click();
  await thought.waitFor();
  // One card: the name and the arguments of the call, and below them what the tool answered.
  const card = shown.getByRole("article", { name: "Assistant", exact: true });
  await card.getByText("get_order").waitFor();
  await card.getByText("id: 4711").waitFor();
  await card.getByText("Friday").waitFor();
  expect(await shown.getByRole("article", { name: "Tool" }).count()).toBe(0);
  const answer = shown.getByRole("article", { name: "Assistant, answer" });
  const look1 = (text: string) =>
    answer
      .locator("pre span")
      .filter({ hasText: text })
      .first()
      .evaluate((piece) => getComputedStyle(piece).color);
  expect(new Set([await look1("# counts"), await look1("def"), await look1("total(items)")]).size).toBe(3);
  await answer.getByRole("button", { name: "Copy python" }).click();
  expect(await clipboard(page)).toBe("# counts\ndef total(items):\n    return sum(items)  # 42");
  expect(await barriers(page)).toEqual([]);
  await look(page, "conversation");
  await page.keyboard.press("r");
  await shown.getByRole("tab", { name: "Raw", selected: true }).waitFor();
  await shown.getByText('"gen_ai.request.model"').waitFor();
  await page.keyboard.press("r");
  await shown.getByRole("tab", { name: "Conversation", selected: true }).waitFor();
  expect(complaints).toEqual([]);
});

it("the documents of a retrieval are shown with their scores, and long ones folded", async () => {
  const { page, complaints, shown } = await open(FOUND, "find");
  const [first, second] = ["doc-1", "doc-2"].map((id) => shown.getByRole("article", { name: `Document ${id}` }));
  if (!first || !second) throw new Error("two documents are expected");
  await first.getByText("Returns are free for thirty days.").waitFor();
  await first.getByText("score 0.900").waitFor();
  await first.getByRole("button", { name: "Metadata" }).click();
  await first.getByText("handbook/1.md").waitFor();
  await look(page, "retrieval");
  const whole = second.getByRole("button", { name: /^Show all/ });
  const height = async () => (await second.boundingBox())?.height ?? 0;
  const before = await height();
  expect(before).toBeLessThan(400);
  await whole.click();
  await expect.poll(height).toBeGreaterThan(before + 100);
  expect(await barriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it("JSON is a tree, of which a value and the path to it can be copied", async () => {
  const { page, complaints, shown } = await open(JSON_ONLY, "structured");
  const copy = async (name: string) => {
    const button = shown.getByRole("button", { name, exact: true });
    await button.focus();
    await page.keyboard.press("Enter");
    await shown.getByRole("button", { name: "Copied" }).first().waitFor();
    return clipboard(page);
  };
  expect(await copy("Copy value of sku code")).toBe("A-1");
  expect(await copy('Copy path order.lines[0]["sku code"]')).toBe('order.lines[0]["sku code"]');
  expect(JSON.parse(await copy("Copy value of order"))).toEqual({ id: 4711, lines: [{ "sku code": "A-1", qty: 2 }] });
  await shown.getByRole("button", { name: /^lines/ }).click();
  expect(await shown.getByText("sku code").count()).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await look(page, "json");
  expect(complaints).toEqual([]);
});

it("a long answer is shown in part, then whole", async () => {
  const { page, shown } = await open(LONG, "long");
  expect(await shown.getByText("The very end.").count()).toBe(0);
  await shown.getByRole("button", { name: /^Show all 28,5\d\d characters/ }).click();
  await shown.getByText("The very end.").waitFor();
  await page.close();
});

it("what is empty, failed, missing or on its way says so", async () => {
  const { page, shown } = await open(EMPTY, "silent");
  await shown.getByRole("heading", { name: "Nothing was said here" }).waitFor();
  await look(page, "span-empty");
  const broken = await open(FAILED, "breaks");
  const error = broken.shown.getByRole("region", { name: "Error" });
  await error.getByRole("heading", { name: "RateLimitError" }).waitFor();
  await error.getByText("Slow down, please.").first().waitFor();
  await error.getByRole("button", { name: "Stack" }).click();
  await error.getByText("File app.py, line 7").waitFor();
  expect(await barriers(broken.page)).toEqual([]);
  await look(broken.page, "span-failed");
  await broken.page.goto(`${postil.url}/p/default/traces/${"0".repeat(31)}9`);
  await broken.page.getByRole("alert").getByRole("heading", { name: "This is not here" }).waitFor();
  await broken.page.getByRole("alert").getByText("It may have been removed").waitFor();
  await look(broken.page, "trace-missing");
  // While it is read the places of what will be there are shown; when it cannot be read, the way to try again.
  let refuse = true;
  let held: () => void = () => {};
  const waits = new Promise<void>((go) => {
    held = go;
  });
  await broken.page.route(/\/spans\?/, async (route) => {
    await waits;
    if (!refuse) return route.continue();
    const body = JSON.stringify({ error: { code: "internal", message: "The disk is full." } });
    await route.fulfill({ status: 507, contentType: "application/json", headers: { "x-request-id": "req-42" }, body });
  });
  await broken.page.goto(`${postil.url}/p/default/traces/${traceOf(TALK)}`);
  await broken.page.getByRole("status", { name: "Loading" }).first().waitFor();
  await look(broken.page, "trace-loading");
  held();
  const alert = broken.page.getByRole("alert");
  await alert.getByRole("button", { name: "Try again" }).waitFor({ timeout: 20_000 });
  refuse = false;
  await alert.getByRole("button", { name: "Try again" }).click();
  await span(broken.page, "talk").waitFor();
});
