import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

/** A debug build is slower: what it prints says so. */
const BUILD = process.env.POSTIL_E2E_BUILD ?? "debug build";

const traceId = (id: number) => id.toString(16).padStart(32, "a");
const spanId = (id: number) => id.toString(16).padStart(16, "b");
const said = (text: string) => [{ type: "text", content: text }];

/** A conversation about an order, with a longer one now and then. */
function conversation(id: number): object {
  const earlier = Array.from({ length: id % 5 === 0 ? 12 : 0 }, (_, at) => ({
    role: at % 2 === 0 ? "user" : "assistant",
    parts: said(`Earlier message ${at + 1}: the parcel left the warehouse **on Monday**, and then nothing happened.`),
  }));
  return otlpSpan(id, `answer ${id}`, {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.input.messages": JSON.stringify([
      { role: "system", parts: said("You help customers of a book shop.") },
      ...earlier,
      { role: "user", parts: said(`Where is my order ${id}?`) },
    ]),
    "gen_ai.output.messages": JSON.stringify([
      {
        role: "assistant",
        parts: said(`Order ${id} is on its way.\n\n- It left on *Monday*.\n- It arrives on **Friday**.`),
      },
    ]),
  });
}

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await postil.send(Array.from({ length: 160 }, (_, at) => conversation(at + 1)));
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

/** Makes a queue of some of the conversations. */
async function makeQueue(page: Page, first: number, size: number, settings: object = {}): Promise<string> {
  if (!page.url().startsWith(postil.url)) await page.goto(`${postil.url}/p/default/queues`);
  const reviews = (await callAs(page, "GET", "/v2/human-evals")) as { id: string; key: string }[];
  const id = (key: string) => reviews.find((one) => one.key === key)?.id;
  const made = (await callAs(page, "POST", "/v3/queues", {
    display_name: `Orders ${first}`,
    description: "Answers about orders.",
    instructions:
      "# What to look at\n\nJudge the **answer**, not the tone:\n\n- Is the order named?\n- Is the day right?",
    questions: [
      { human_review_id: id("rating"), required: true },
      { human_review_id: id("defects"), required: false },
    ],
    correction: "optional",
    view: { messages: "all", system: true, attributes: ["gen_ai.request.model"], evaluators: "after" },
    ...settings,
  })) as { id: string };
  await callAs(page, "POST", `/v3/queues/${made.id}/items`, {
    items: Array.from({ length: size }, (_, at) => ({ trace_id: traceId(first + at), span_id: spanId(first + at) })),
  });
  return made.id;
}

const address = (queue: string) => `${postil.url}/p/default/queues/${queue}/review`;
async function at(page: Page, place: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).getByText(place, { exact: true }).waitFor();
  await painted(page);
}
const chosen = (page: Page) => page.getByRole("region", { name: "Questions" }).getByRole("button", { pressed: true });
/** What is asked by the item on the screen: once it is painted, for keys act on nothing before. */
async function asked(page: Page): Promise<string> {
  const text = await page.getByText(/^Where is my order \d+\?$/).innerText();
  await painted(page);
  return text;
}
const painted = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What people said of a conversation, by key. */
async function answers(page: Page, order: string): Promise<Record<string, unknown>> {
  const id = Number(/\d+/.exec(order)?.[0]);
  const path = `/v2/traces/${traceId(id)}/spans/${spanId(id)}/annotation`;
  const { data } = (await callAs(page, "GET", path)) as { data: { key: string; value: unknown }[] };
  return Object.fromEntries(data.map(({ key, value }) => [key, value]));
}

it("a whole queue is judged by keyboard alone, with undo after submit and the way back", async () => {
  const { page, complaints } = await openPage(inside);
  const queue = await makeQueue(page, 1, 7);
  await page.goto(`${postil.url}/p/default/queues`);
  await page.getByRole("link", { name: "Review Orders 1" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("7 items are left for you").waitFor();
  await look(page, "review-start");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await at(page, "1 of 7");
  await look(page, "review");
  expect(await barriers(page)).toEqual([]);
  const first = await asked(page);

  // A required question that was not answered is said where it is asked.
  await page.keyboard.press("Enter");
  await page.getByText("This needs an answer.").waitFor();
  await page.keyboard.press("2");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("3");
  await page.keyboard.press("e");
  const correction = page.getByRole("textbox", { name: "What should have been said" });
  await expect.poll(() => correction.evaluate((field) => field === document.activeElement)).toBe(true);
  await correction.fill("Order 1 arrives on Monday.");
  await page.locator("ins").first().waitFor();
  await look(page, "review-correcting");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Control+Enter");
  await at(page, "2 of 7");
  await expect.poll(() => answers(page, first)).toMatchObject({ rating: "bad" });
  expect(await answers(page, first)).toEqual({
    rating: "bad",
    defects: ["hallucination"],
    correction: "Order 1 arrives on Monday.",
  });

  // Undo reaches back over the submission, and redo goes there again.
  const second = await asked(page);
  await page.keyboard.press("1");
  await page.keyboard.press("z");
  expect(await chosen(page).count()).toBe(0);
  await page.keyboard.press("z");
  await page.getByText(first).waitFor();
  await at(page, "1 of 7");
  await expect.poll(() => answers(page, first)).toEqual({});
  expect(await correction.inputValue()).toBe("Order 1 arrives on Monday.");
  await page.keyboard.press("Shift+Z");
  await page.getByText(second).waitFor();
  await painted(page);
  await expect.poll(() => answers(page, first)).toMatchObject({ rating: "bad" });

  // The whole trace is one key away, and the form stays.
  await page.keyboard.press("Shift+Z");
  await page.keyboard.press("t");
  await page.getByRole("complementary", { name: "Whole trace" }).getByRole("treeitem").first().waitFor();
  expect(await chosen(page).innerText()).toContain("good");
  await look(page, "review-trace");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("t");
  await page.keyboard.press("r");
  await page.getByText('"convention"').first().waitFor();
  await page.keyboard.press("r");
  await page.keyboard.press("Enter");
  await at(page, "3 of 7");

  // What is skipped comes back last; what is declined does not.
  const skipped = await asked(page);
  await page.keyboard.press("s");
  await page.getByText(skipped).waitFor({ state: "detached" });
  const declined = await asked(page);
  await page.keyboard.press("x");
  const declining = page.getByRole("dialog", { name: "Decline this item" });
  await declining.getByRole("textbox", { name: "Reason" }).fill("I do not know this shop.");
  await look(page, "review-decline");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await declining.waitFor({ state: "detached" });
  await page.getByText(declined).waitFor({ state: "detached" });
  await asked(page);
  for (const place of ["4 of 7", "5 of 7"]) {
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await at(page, place);
  }
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.getByText(skipped).waitFor();
  await painted(page);
  await page.keyboard.press("n");
  await page.keyboard.type("The day is missing.");
  await page.keyboard.press("Escape");
  // Behind the note the digits answer what is still open.
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "That was all" }).waitFor();
  await page.getByText("This time: 6 judged, 1 declined.").waitFor();
  await look(page, "review-end");
  expect(await barriers(page)).toEqual([]);

  // Back to an item done, to change it.
  await page.keyboard.press("k");
  await page.getByText(skipped).waitFor();
  await painted(page);
  expect(await page.getByRole("textbox", { name: "Note" }).inputValue()).toBe("The day is missing.");
  await page.keyboard.press("1");
  await page.getByText("Changed, not submitted").waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => answers(page, skipped)).toMatchObject({ rating: "good" });
  expect(complaints).toEqual([]);
  expect(queue).toBeTruthy();
});

it("the next item is painted at once", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 21, 40);
  await page.goto(`${address(queue)}?go=true`);
  await at(page, "1 of 40");
  const times = await page.evaluate(async () => {
    const shown = () => document.querySelector('[aria-label="What is judged"]')?.textContent ?? "";
    const press = (key: string) =>
      (document.activeElement ?? document.body).dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
      );
    const frame = () => new Promise<number>(requestAnimationFrame);
    const found: number[] = [];
    for (let item = 0; item < 38; item++) {
      // People read before they answer: the one after next is on its way meanwhile.
      await new Promise((done) => setTimeout(done, 150));
      press("1");
      await frame();
      await frame();
      const before = shown();
      const begun = performance.now();
      press("Enter");
      while ((shown() === before || shown() === "") && performance.now() - begun < 5000) await frame();
      // What stands in the document is on the screen a frame later.
      await frame();
      found.push(performance.now() - begun);
    }
    return found;
  });
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  console.info(
    `key to next item painted: median ${median.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (goals 50, 100; ${BUILD})`,
  );
  expect(median).toBeLessThan(150);
});

const PASSWORD = "a margin to write in";

/** A browser of somebody new, who came by an invite. */
async function join(
  page: Page,
  name: string,
  body: object,
): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const { path } = (await callAs(page, "POST", "/api/invites", { expires_in_days: 1, ...body })) as { path: string };
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await openPage(context);
  await opened.page.goto(`${postil.url}${path}`);
  await opened.page.getByLabel("Your name").fill(name);
  await opened.page.getByLabel("E-mail").fill(`${name.toLowerCase().replace(/\W/g, ".")}@example.com`);
  await opened.page.getByLabel("Choose a password").fill(PASSWORD);
  await opened.page.getByRole("button", { name: "Join" }).click();
  await opened.page.waitForURL(/\/p\//);
  return { context, ...opened };
}

it("two people share a queue, and one of them drops off the network in the middle of a submission", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 61, 8);
  const ann = await join(page, "Ann Other", { role: "reviewer" });
  await Promise.all([page, ann.page].map((one) => one.goto(`${address(queue)}?go=true`)));
  await Promise.all([at(page, "1 of 8"), at(ann.page, "1 of 8")]);
  const mine = await asked(page);
  expect(await asked(ann.page)).not.toBe(mine);
  // The first submission is stored, but its answer never arrives; then the network is gone.
  let broken = false;
  await page.route("**/submit", async (route) => {
    if (broken) return route.continue();
    broken = true;
    await route.fetch();
    await inside.setOffline(true);
    await route.abort("internetdisconnected");
  });
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.getByText(mine).waitFor({ state: "detached" });
  await page.getByText(/^Offline: 1 kept here$/).waitFor();
  const next = await asked(page);
  await page.keyboard.press("2");
  await look(page, "review-offline");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "The server cannot be reached" }).waitFor();
  await page.screenshot({ path: "e2e/screenshots/review-unreachable.png" });
  // The other one goes on meanwhile.
  for (let done = 0; done < 3; done++) {
    const before = await asked(ann.page);
    await ann.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await ann.page.keyboard.press("1");
    await ann.page.keyboard.press("Enter");
    await ann.page.getByText(before).waitFor({ state: "detached" });
  }
  await inside.setOffline(false);
  await page.locator("[data-saved]", { hasText: "Saved" }).waitFor();
  expect(await answers(page, mine)).toEqual({ rating: "good" });
  expect(await answers(page, next)).toEqual({ rating: "bad" });
  for (const one of [page, ann.page]) {
    while (await one.getByText(/^Where is my order \d+\?$/).count()) {
      const before = await asked(one);
      await one.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await one.keyboard.press("1");
      await one.keyboard.press("Enter");
      await one.getByText(before).waitFor({ state: "detached" });
      await one.locator("[data-saved]", { hasText: "Saved" }).waitFor();
      await one
        .getByText(/^Where is my order \d+\?$|That was all|Nothing for you now/)
        .first()
        .waitFor();
    }
  }
  const { progress } = (await callAs(page, "GET", `/v3/queues/${queue}`)) as {
    progress: { completed: number; answers: number };
  };
  expect(progress).toMatchObject({ completed: 8, answers: 8 });
  await ann.context.close();
});

it("whoever finds nothing is told with whom the rest is, and goes on by themselves when it comes back", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 71, 1);
  const eve = await join(page, "Eve Ning", { role: "reviewer" });
  await page.goto(`${address(queue)}?go=true`);
  await at(page, "1 of 1");
  await eve.page.goto(`${address(queue)}?go=true`);
  await eve.page.getByRole("heading", { name: "Nothing for you now" }).waitFor();
  await eve.page.getByText(/1 item is with/).waitFor();
  await look(eve.page, "review-waiting");
  expect(await barriers(eve.page)).toEqual([]);
  await page.getByRole("link", { name: /^Orders 71/ }).click();
  await at(eve.page, "1 of 1");
  expect(await eve.page.evaluate(() => document.activeElement?.getAttribute("data-question"))).toBe("rating");
  await eve.context.close();
});

it("a lost lease is explained, and what was written is kept", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 81, 3);
  await page.goto(`${address(queue)}?go=true`);
  await at(page, "1 of 3");
  const lost = await asked(page);
  const gone = { error: "lease_lost", message: "Somebody else has this item now.", code: "409" };
  await page.route("**/submit", (route) => route.fulfill({ status: 409, json: gone }), { times: 1 });
  await page.keyboard.press("2");
  await page.keyboard.press("n");
  await page.keyboard.type("Too vague.");
  await page.keyboard.press("Control+Enter");
  await page.getByText(lost).waitFor({ state: "detached" });
  await painted(page);
  await page.keyboard.press("k");
  await page.getByText("This item is not yours any more").waitFor();
  await painted(page);
  expect(await page.getByRole("textbox", { name: "Note" }).inputValue()).toBe("Too vague.");
  await look(page, "review-lost");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByText(lost).waitFor({ state: "detached" });
});

it("a queue that is removed in the middle of the work is explained, and what was written stays", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 121, 1);
  await page.goto(`${address(queue)}?go=true`);
  await at(page, "1 of 1");
  await page.keyboard.press("n");
  await page.keyboard.type("It names the wrong day.");
  await callAs(page, "DELETE", `/v3/queues/${queue}`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.getByText("This queue was removed.").waitFor();
  expect(await page.getByRole("textbox", { name: "Note" }).inputValue()).toBe("It names the wrong day.");
});

it("what was written is there again after a reload", async () => {
  const { page } = await openPage(inside);
  const queue = await makeQueue(page, 91, 2);
  await page.goto(`${address(queue)}?go=true`);
  await at(page, "1 of 2");
  const before = await asked(page);
  await page.keyboard.press("2");
  await page.keyboard.press("n");
  await page.keyboard.type("Half a thought");
  await page.locator("[data-saved]", { hasText: "Saved" }).waitFor();
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await at(page, "1 of 2");
  expect(await asked(page)).toBe(before);
  expect(await page.getByRole("textbox", { name: "Note" }).inputValue()).toBe("Half a thought");
  expect(await chosen(page).innerText()).toContain("bad");
});

it("a phone shows conversation and questions at once, with room for thumbs", async () => {
  const { page: desk } = await openPage(inside);
  const queue = await makeQueue(desk, 101, 4);
  const state = await inside.storageState();
  const phone = await browser.newContext({
    storageState: state,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const { page, complaints } = await openPage(phone);
  await page.goto(address(queue));
  await page.getByRole("button", { name: "Start" }).tap();
  await at(page, "1 of 4");
  const before = await asked(page);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("main button, main a")].flatMap((one) => {
      const { width, height } = one.getBoundingClientRect();
      const seen = width > 0 && getComputedStyle(one).visibility === "visible";
      return seen && (height < 44 || width < 44)
        ? [`${one.textContent} ${Math.round(width)}×${Math.round(height)}`]
        : [];
    }),
  );
  expect(small).toEqual([]);
  const sheet = await page.getByRole("region", { name: "Questions" }).boundingBox();
  expect(sheet?.height).toBeGreaterThan(250);
  await page.screenshot({ path: "e2e/screenshots/review-phone.png" });
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "good" }).first().tap();
  await page.getByRole("button", { name: "Submit" }).tap();
  await page.getByText(before).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).tap();
  await page.getByText(before).waitFor();
  await page.getByRole("button", { name: "More of the questions" }).tap();
  await page.screenshot({ path: "e2e/screenshots/review-phone-tall.png" });
  expect(complaints).toEqual([]);
  await phone.close();
});
