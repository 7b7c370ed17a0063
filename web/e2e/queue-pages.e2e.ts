import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await postil.send(
    Array.from({ length: 12 }, (_, at) =>
      otlpSpan(at + 1, at < 7 ? "support" : "sales", {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "input.value": `Where is my order ${at + 1}?`,
        "output.value": "It is on its way.",
      }),
    ),
  );
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const queues = () => `${postil.url}/p/default/queues`;

it("a queue is made with a question of its own, filled from the lists with one key, and worked through", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(queues());
  await page.getByText("No queue yet").waitFor();
  await look(page, "queues-empty");
  await page.getByRole("link", { name: "New queue" }).click();
  await page.getByRole("button", { name: "Make the queue" }).click();
  await page.getByText("Give the queue a name.").waitFor();
  await page.getByText("Choose at least one question, or ask everything.").waitFor();
  await page.getByLabel("Name").fill("Support, first look");
  await page.getByLabel("Description").fill("Is the customer helped?");
  await page
    .getByRole("textbox", { name: "Instructions" })
    .fill("Judge the **answer**.\n\n1. Read the question.\n2. Read the answer.");
  await page.getByRole("tab", { name: "Preview" }).click();
  await page.locator("strong", { hasText: "answer" }).waitFor();
  await page.getByLabel("Add a question").selectOption({ label: "Rating" });
  await page.getByRole("button", { name: "New human review" }).click();
  const making = page.getByRole("dialog", { name: "New human review" });
  await making.getByText("Yes/No").click();
  await making.getByRole("textbox", { name: "Title" }).fill("Polite");
  await look(page, "queue-new-question");
  expect(await barriers(page)).toEqual([]);
  await making.getByRole("button", { name: "Create and ask it" }).click();
  await making.waitFor({ state: "detached" });
  await page.getByRole("list", { name: "Questions" }).getByText("Polite").first().waitFor();
  await page.getByRole("button", { name: "Move Polite up" }).click();
  await page.getByLabel("Minutes that an item is kept").fill("10");
  await look(page, "queue-form");
  expect(await barriers(page)).toEqual([]);
  // What was written survives leaving the page.
  await page.reload();
  expect(await page.getByLabel("Name").inputValue()).toBe("Support, first look");
  await page.getByRole("button", { name: "Make the queue" }).click();
  await page.getByRole("heading", { level: 1, name: "Support, first look" }).waitFor();

  // From the list of traces: the marked one, a selection, and all that match.
  await page.goto(`${postil.url}/p/default/traces?q=support`);
  const rows = page.getByRole("region", { name: "Traces" }).getByRole("link");
  await rows.nth(6).waitFor();
  const add = async (name: string) => {
    const dialog = page.getByRole("dialog", { name });
    await dialog.getByRole("button", { name: /Support, first look/ }).waitFor();
    await dialog.getByRole("textbox", { name: "Find a queue" }).fill("first");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
  };
  await page.keyboard.press("j");
  await page.keyboard.press("q");
  await add("Add this trace to a queue");
  await page.getByText("1 added to Support, first look").waitFor();
  await page.getByRole("img", { name: "in queue" }).first().waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("q");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Support, first look/ })
    .waitFor();
  await look(page, "queue-picker");
  expect(await barriers(page)).toEqual([]);
  await add("Add 2 traces to a queue");
  await page.getByText("1 added to Support, first look; 1 was there already").waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("Control+a");
  await page.getByText("All 7 traces that match").waitFor();
  await page.keyboard.press("q");
  await add("Add 7 traces to a queue");
  await page.getByText(/traces added to the queue/).waitFor();
  await look(page, "traces-in-queue");

  // From an open trace: the span. From a log: its span.
  await page.goto(`${postil.url}/p/default/traces/${"9".padStart(32, "a")}`);
  await page.getByRole("button", { name: "Add to a queue" }).click();
  await add("Add this span to a queue");
  await page.getByRole("img", { name: "in queue" }).first().waitFor();
  await page.goto(`${postil.url}/p/default/logs`);
  await page.getByRole("region", { name: "Logs" }).getByRole("link").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("q");
  await add("Add this log to a queue");

  await page.goto(queues());
  await page.getByRole("link", { name: "Support, first look", exact: true }).waitFor();
  await look(page, "queues");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "Support, first look", exact: true }).click();
  const total = Number(
    /of (\d+) complete/.exec((await page.getByText(/\d+ of \d+ complete ·/).textContent()) ?? "")?.[1],
  );
  expect(total).toBe(9);
  await page.getByText("Nobody has submitted an answer yet").waitFor();
  await page.getByRole("link", { name: "Review" }).click();
  await page.getByRole("button", { name: /^Start/ }).waitFor();
  await page.keyboard.press("Enter");
  for (let item = 1; item <= 5; item++) {
    await page.getByRole("heading", { level: 1 }).getByText(`${item} of 9`, { exact: true }).waitFor();
    if (item === 2) await page.keyboard.press("f");
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.keyboard.press(item % 2 === 0 ? "2" : "1");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(item % 3 === 0 ? "2" : "1");
    await page.keyboard.press("Enter");
  }
  await page.getByRole("heading", { level: 1 }).getByText("6 of 9", { exact: true }).waitFor();
  await page.locator("[data-saved]", { hasText: "Saved" }).waitFor();
  await page.getByRole("link", { name: /^Support, first look/ }).click();
  await page.getByRole("region", { name: "Items in trouble" }).getByText("flagged once").waitFor();
  await page.getByRole("region", { name: "Rating" }).getByText("good").waitFor();
  await look(page, "queue");
  expect(await barriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it("items are found by their state, given to people, put first and removed; answers are handed out", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(queues());
  await page.getByRole("link", { name: "Support, first look", exact: true }).click();
  await page.getByRole("tab", { name: /Items/ }).click();
  const items = page.getByRole("list", { name: "Items" }).getByRole("listitem");
  await expect.poll(() => items.count()).toBe(9);
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "Complete" });
  await expect.poll(() => items.count()).toBe(5);
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "To do" });
  await expect.poll(() => items.count()).toBe(4);
  await items.nth(3).getByRole("checkbox").check();
  await page.getByLabel("Priority").selectOption({ label: "High" });
  await page.getByText("high priority").waitFor();
  await page.getByLabel("Assign to").selectOption({ label: "Owner" });
  await page.getByText(/for Owner/).waitFor();
  await look(page, "queue-items");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "Complete" });
  await expect.poll(() => items.count()).toBe(5);
  await page.getByRole("checkbox", { name: "All", exact: true }).check();
  await page.getByText("5 selected").waitFor();
  await page.keyboard.press("d");
  await page.getByLabel("Find a dataset, or name a new one").fill("From the queue");
  await page.keyboard.press("Enter");
  await page.getByText("5 added to From the queue").waitFor();
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "To do" });
  await expect.poll(() => items.count()).toBe(4);
  await items.filter({ hasText: "for Owner" }).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("alertdialog").or(page.getByRole("dialog")).getByRole("button", { name: "Remove" }).click();
  await expect.poll(() => items.count()).toBe(3);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export the answers" }).click();
  await page.getByRole("menuitem", { name: "Answers as CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("answers Support, first look.csv");
  const text = readFileSync(await file.path(), "utf8");
  expect(text.trim().split("\n").length).toBe(11);
  expect(complaints).toEqual([]);
});

it("whoever is invited to one queue sees that queue and their account, and asks for nothing else", async () => {
  const { page } = await openPage(inside);
  await page.goto(queues());
  const all = (await callAs(page, "GET", "/v2/human-evals")) as { id: string; key: string }[];
  const rating = all.find(({ key }) => key === "rating")?.id;
  await callAs(page, "POST", "/v3/queues", {
    display_name: "Not for guests",
    questions: [{ human_review_id: rating, required: true }],
  });
  await page.reload();
  await page.getByRole("link", { name: "Support, first look", exact: true }).click();
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a reviewer to Support, first look" });
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = (await dialog.locator("code").textContent()) ?? "";
  expect(link).toContain("/invite/");
  await look(page, "queue-invite");
  expect(await barriers(page)).toEqual([]);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const guest = await openPage(context);
  const refused: string[] = [];
  guest.page.on("response", (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`);
  });
  await guest.page.goto(link);
  await guest.page.getByRole("heading", { name: "You are invited to judge “Support, first look”" }).waitFor();
  await guest.page.getByLabel("Your name").fill("Gwen Guest");
  await guest.page.getByLabel("E-mail").fill("gwen@example.com");
  await guest.page.getByLabel("Choose a password").fill("a margin to write in");
  await guest.page.getByRole("button", { name: "Join" }).click();
  // The only queue there is for her is where she begins.
  await guest.page.waitForURL(/\/review$/);
  await guest.page.getByRole("heading", { name: "Support, first look" }).waitFor();
  await guest.page.getByRole("link", { name: "Queues" }).first().click();
  await guest.page.waitForURL(/\/queues$/);
  await guest.page.getByText("Support, first look").waitFor();
  expect(await guest.page.getByText("Not for guests").count()).toBe(0);
  expect(await guest.page.getByRole("navigation", { name: "Places" }).getByRole("link").allInnerTexts()).toEqual([
    "Queues",
  ]);
  await look(guest.page, "queues-guest");
  expect(await barriers(guest.page)).toEqual([]);
  for (const place of ["traces", "logs", "settings/members", "settings/human-reviews"]) {
    await guest.page.goto(`${postil.url}/p/default/${place}`);
    await guest.page.waitForURL(/\/queues$/);
  }
  await guest.page.getByRole("link", { name: "Review Support, first look" }).click();
  await guest.page.getByRole("button", { name: "Start" }).click();
  await judgeOne(guest.page);

  // She has an account by now: another invite is accepted with it.
  const [other] = (
    (await callAs(page, "GET", "/v3/queues")) as { data: { id: string; display_name: string }[] }
  ).data.filter(({ display_name }) => display_name === "Not for guests");
  const second = (await callAs(page, "POST", "/api/invites", { role: "reviewer", queue_id: other?.id })) as {
    path: string;
  };
  await guest.page.goto(postil.url + second.path);
  await guest.page.getByText("You are signed in as Gwen Guest").waitFor();
  await look(guest.page, "invite-signed-in");
  expect(await barriers(guest.page)).toEqual([]);
  await guest.page.getByRole("button", { name: "Join as Gwen Guest" }).click();
  await guest.page.waitForURL(/\/queues$/);
  await guest.page.getByText("Not for guests").waitFor();
  await guest.page.getByRole("button", { name: "Your account" }).click();
  await guest.page.getByRole("menuitem", { name: "Account" }).click();
  await guest.page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
  await look(guest.page, "account-guest");
  expect(refused).toEqual([]);
  expect(guest.complaints).toEqual([]);
  await context.close();
});

async function judgeOne(page: Page): Promise<void> {
  const place = page.getByRole("heading", { level: 1 });
  await place.getByText(/^1 of/).waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.keyboard.press("1");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await place.getByText(/^2 of/).waitFor();
}
