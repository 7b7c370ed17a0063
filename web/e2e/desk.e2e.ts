import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

const traceId = (id: number) => id.toString(16).padStart(32, "a");
const spanId = (id: number) => id.toString(16).padStart(16, "b");
const SCREEN = { width: 1366, height: 820 };

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  const answer = "Your lamp is on its way, and arrives on Friday. ".repeat(8);
  await postil.send(
    Array.from({ length: 30 }, (_, at) =>
      otlpSpan(at + 1, `lamp ${at + 1}`, { "input.value": `Where is lamp ${at + 1}?`, "output.value": answer }),
    ),
  );
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

async function makeQueue(page: Page, first: number, settings: object = {}): Promise<string> {
  await page.goto(`${postil.url}/p/default/queues`);
  const reviews = (await callAs(page, "GET", "/v2/human-evals")) as { id: string; key: string }[];
  const asked = ["rating", "defects"].map((key) => reviews.find((one) => one.key === key)?.id);
  const { id } = (await callAs(page, "POST", "/v3/queues", {
    display_name: `Lamps ${first}`,
    questions: asked.map((human_review_id, at) => ({ human_review_id, required: at === 0 })),
    correction: "optional",
    ...settings,
  })) as { id: string };
  await callAs(page, "POST", `/v3/queues/${id}/items`, {
    items: [0, 1, 2].map((at) => ({ trace_id: traceId(first + at), span_id: spanId(first + at) })),
  });
  return id;
}

const review = (page: Page, queue: string) => page.goto(`${postil.url}/p/default/queues/${queue}/review?go=true`);
const painted = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function at(page: Page, place: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).getByText(place, { exact: true }).waitFor();
  await painted(page);
}

/** What was said of a lamp, by key. */
async function said(page: Page, lamp: number): Promise<Record<string, unknown>> {
  const path = `/v2/traces/${traceId(lamp)}/spans/${spanId(lamp)}/annotation`;
  const { data } = (await callAs(page, "GET", path)) as { data: { key: string; value: unknown }[] };
  return Object.fromEntries(data.map(({ key, value }) => [key, value]));
}

it("Enter submits after the keys were looked up, and a change that was left behind is told and submitted", async () => {
  const { page, complaints } = await openPage(inside);
  const queue = await makeQueue(page, 1);
  await review(page, queue);
  await at(page, "1 of 3");
  const text = await page.getByText(/^Where is lamp \d+\?$/).innerText();
  const lamp = Number(/\d+/.exec(text)?.[0]);
  const told = page.getByText(`Your change of “lamp ${lamp}” is not submitted`);
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  expect(await keys.getByRole("heading", { level: 3 }).first().innerText()).toBe("Reviewing");
  await page.keyboard.press("Escape");
  await keys.waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-question"))).toBe("rating");
  await page.keyboard.press("1");
  // Also from the option itself.
  await page.getByRole("region", { name: "Questions" }).getByRole("button", { pressed: true }).focus();
  await page.keyboard.press("Enter");
  await at(page, "2 of 3");
  await expect.poll(() => said(page, lamp)).toEqual({ rating: "good" });
  await page.keyboard.press("k");
  await at(page, "1 of 3");
  await page.getByRole("button", { name: "Next", exact: true }).waitFor();
  await page.keyboard.press("2");
  await page.getByRole("button", { name: "Submit the change" }).waitFor();
  await page.keyboard.press("j");
  await at(page, "2 of 3");
  await told.waitFor();
  await look(page, "review-left-behind");
  expect(await barriers(page)).toEqual([]);
  // It is told again where the next visit begins, and there is no way around it.
  await page.goto(`${postil.url}/p/default/queues/${queue}/review`);
  await page.getByText(`Your change of “lamp ${lamp}” is not submitted. Go on to submit it.`).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await at(page, "2 of 3");
  await told.waitFor();
  await page.keyboard.press("Shift+Enter");
  await told.waitFor({ state: "detached" });
  await at(page, "2 of 3");
  await expect.poll(() => said(page, lamp)).toEqual({ rating: "bad" });
  await page.keyboard.press("1");
  await page.keyboard.press("z");
  await page.getByText(/^Undone: the answer to Rating of “lamp \d+”$/).waitFor();
  expect(complaints).toEqual([]);
});

it("what a key opens is seen whole", async () => {
  const { page } = await openPage(inside);
  await page.setViewportSize({ ...SCREEN, height: 560 });
  const queue = await makeQueue(page, 5);
  await review(page, queue);
  await at(page, "1 of 3");
  const questions = page.getByRole("region", { name: "Questions" });
  const isWhole = async (name: string) => {
    const [inner, outer] = await Promise.all([
      questions.getByRole("group", { name, exact: true }).boundingBox(),
      questions.boundingBox(),
    ]);
    if (!inner || !outer) return false;
    return inner.y >= outer.y - 1 && inner.y + inner.height <= outer.y + outer.height + 1;
  };
  await page.keyboard.press("e");
  const field = questions.getByRole("textbox", { name: "What should have been said" });
  await field.waitFor();
  await expect.poll(() => isWhole("What should have been said")).toBe(true);
  expect(await field.evaluate((one: HTMLTextAreaElement) => one.selectionStart === one.value.length)).toBe(true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await expect.poll(() => isWhole("Note")).toBe(true);
});

it("an answer that was opened and left as it is counts as right only when that is said", async () => {
  const { page, complaints } = await openPage(inside);
  const queue = await makeQueue(page, 24, { correction: "required" });
  await review(page, queue);
  await at(page, "1 of 3");
  await page.keyboard.press("1");
  await page.keyboard.press("e");
  const field = page.getByRole("textbox", { name: "What should have been said" });
  await field.waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByText("Write what should have been said, or confirm the answer as it is.").waitFor();
  await page.getByRole("button", { name: "It is right as it is" }).click();
  await page.getByText("The answer is right as it is.").waitFor();
  await page.keyboard.press("Control+Enter");
  await at(page, "2 of 3");
  // Whoever goes back to an item that they declined is told so.
  await page.keyboard.press("x");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("Not in my language");
  await dialog.getByRole("button", { name: "Decline" }).click();
  await dialog.waitFor({ state: "hidden" });
  await painted(page);
  await page.keyboard.press("k");
  await page.getByText("You declined this item", { exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

it("the questions leave room for the answer at each new item on a phone", async () => {
  const { page } = await openPage(inside);
  await page.setViewportSize({ width: 390, height: 844 });
  const queue = await makeQueue(page, 9);
  await review(page, queue);
  await at(page, "1 of 3");
  await page.getByRole("button", { name: "More of the questions" }).click();
  await page.getByRole("button", { name: "More of the conversation" }).waitFor();
  await page.keyboard.press("1");
  await page.getByRole("button", { name: /^Submit/ }).click();
  await at(page, "2 of 3");
  await page.getByRole("button", { name: "More of the questions" }).waitFor();
});

it("what others said of an item, and how far they are, appears without a reload", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 17, { overlap: 2, blind: true });
  const { path } = (await callAs(page, "POST", "/api/invites", {
    expires_in_days: 1,
    role: "reviewer",
    queue_id: queue,
  })) as { path: string };
  const context = await browser.newContext({ viewport: SCREEN });
  const ann = (await openPage(context)).page;
  await ann.goto(`${postil.url}${path}`);
  await ann.getByLabel("Your name").fill("Ann Other");
  await ann.getByLabel("E-mail").fill("ann@example.com");
  await ann.getByLabel("Choose a password").fill("a margin to write in");
  await ann.getByRole("button", { name: "Join" }).click();
  await ann.waitForURL(/\/review$/);
  await review(ann, queue);
  await at(ann, "1 of 3");
  await ann.keyboard.press("1");
  await ann.keyboard.press("Enter");
  await at(ann, "2 of 3");
  await review(page, queue);
  await at(page, "1 of 3");
  for (let item = 1; item <= 3; item++) {
    await at(page, `${item} of 3`);
    await page.keyboard.press("2");
    await page.keyboard.press("e");
    const field = page.getByRole("textbox", { name: "What should have been said" });
    await expect.poll(() => field.evaluate((one) => one === document.activeElement)).toBe(true);
    await field.fill("It was sent back.");
    await page.keyboard.press("Control+Enter");
  }
  await ann.getByText(/team 1/).waitFor();
  await ann.keyboard.press("k");
  await at(ann, "1 of 3");
  await ann.getByRole("list", { name: "How others corrected it" }).waitFor();
  await ann.getByRole("list", { name: "What others said: Rating" }).getByText("bad").waitFor();
  await look(ann, "review-others");
  await context.close();
});

it("an item that was submitted on another device says so", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 13, { lease_seconds: 30 });
  const second = await openPage(inside);
  await review(page, queue);
  await at(page, "1 of 3");
  await review(second.page, queue);
  await at(second.page, "1 of 3");
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await at(page, "2 of 3");
  await second.page.getByText("You submitted this item on another device.").waitFor({ timeout: 20_000 });
  await look(second.page, "review-submitted-elsewhere");
  await second.page.close();
});

it("what was selected is in the queue that is made for it", async () => {
  const { page, complaints } = await openPage(inside);
  await page.setViewportSize(SCREEN);
  await page.goto(`${postil.url}/p/default/traces`);
  await page.getByText("lamp 30", { exact: true }).waitFor();
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.getByText("2 selected").waitFor();
  await page.keyboard.press("q");
  await page.getByRole("button", { name: "Make a new queue for 2 traces" }).click();
  await page.getByRole("heading", { name: "New queue for 2 traces" }).waitFor();
  await page.getByLabel("Name").fill("Two lamps");
  await page.getByText("Every human review of the project").click();
  await look(page, "queue-for-selection");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Make the queue and add 2 traces" }).click();
  await page.getByText("2 added to Two lamps").waitFor();
  await page.goto(`${postil.url}/p/default/traces`);
  await page.getByText("lamp 30", { exact: true }).waitFor();
  for (const key of ["j", "x"]) await page.keyboard.press(key);
  await page.keyboard.press("q");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Two lamps/ }).click();
  await page.getByRole("button", { name: "Go to the queue" }).click();
  await page.waitForURL(/\/queues\/[^/]+$/);
  expect(complaints).toEqual([]);
});
