import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;
let queue: { id: string };

const trace = (id: number, name: string, model: string) =>
  otlpSpan(id, name, {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": model,
    "input.value": `Where is my order ${id}?`,
    "output.value": "It is on its way.",
  });

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  // Eight of the large model, five of them of support; four of the small one.
  await postil.send(
    Array.from({ length: 12 }, (_, at) =>
      trace(at + 1, at < 5 ? "support" : "sales", at < 8 ? "gpt-4o" : "gpt-4o-mini"),
    ),
  );
  const { page } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  queue = (await callAs(page, "POST", "/v3/queues", { display_name: "Triage" })) as { id: string };
  await callAs(page, "POST", "/v2/datasets", { display_name: "Golden answers" });
  await page.close();
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const automations = () => `${postil.url}/p/default/automations`;
const dryRun = (page: Page) => page.getByRole("region", { name: "Dry run" }).getByRole("status");
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name, exact: true });

/** How many of a day, of a list that is read as the person who is signed in. */
async function list(page: Page, path: string): Promise<Record<string, unknown>[]> {
  return ((await callAs(page, "GET", path)) as { data: Record<string, unknown>[] }).data;
}

it("an automation is made from a filter, tried before it is saved, and acts on what comes with a reason", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(automations());
  await page.getByText("No automation yet").waitFor();
  await look(page, "automations-empty");
  expect(await barriers(page)).toEqual([]);

  // The filter of the list is taken over, by key.
  await page.goto(`${postil.url}/p/default/traces?q=model:gpt-4o`);
  await page.getByText("8 traces", { exact: true }).waitFor();
  await page.keyboard.press("Shift+A");
  await heading(page, "New automation").waitFor();
  await page.getByRole("button", { name: "Model: gpt-4o", exact: true }).waitFor();
  await page
    .getByText(/Would act on 8 of 12 traces of the last 7 days/)
    .first()
    .waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByText("Give the automation a name.").waitFor();
  await page.getByText("Choose at least one thing to do.").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "automation-name");
  await look(page, "automation-errors");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.type("Support to Triage");

  // Groups have a share of their own; what they would do is told as they are written.
  await page.getByRole("slider", { name: "Share of them" }).focus();
  await page.keyboard.press("Home");
  await page
    .getByText(/Would act on 0 of 12 traces/)
    .first()
    .waitFor();
  await page.keyboard.press("Shift+S");
  await page.waitForFunction(() => document.activeElement?.id.startsWith("group-"));
  await page.keyboard.type("Of support");
  await page.keyboard.press("Tab");
  await page.getByRole("combobox", { name: "Which traces belong to Of support" }).fill("name:support");
  // What is typed counts when the field is left.
  await page.keyboard.press("Tab");
  await page
    .getByText(/Would act on 5 of 12 traces/)
    .first()
    .waitFor();
  const groups = page.getByRole("region", { name: "Dry run" }).getByRole("table");
  await groups.getByRole("row", { name: "Of support 5 5" }).waitFor();
  await groups.getByRole("row", { name: "The rest 3 0" }).waitFor();
  await page.getByLabel("At most a day (not needed)").fill("0");
  await page.getByText("A whole number from 1 to 1,000,000, or nothing.").first().waitFor();
  await page.getByLabel("At most a day (not needed)").fill("2");
  await expect.poll(() => dryRun(page).textContent()).toMatch(/^Would act on 2 of 12/);
  await page.getByLabel("At most a day (not needed)").fill("100");

  // What is written survives leaving the page.
  await page.reload();
  await page.getByText("What you wrote earlier is here; it is not saved yet.").waitFor();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Support to Triage");
  await page.getByRole("button", { name: "name: support", exact: true }).or(page.getByText("Name: support")).waitFor();

  // What the server refuses stands at its field.
  const gone = (await callAs(page, "POST", "/v3/queues", { display_name: "Soon gone" })) as { id: string };
  await page.reload();
  await page.getByLabel("Name", { exact: true }).waitFor();
  await page.keyboard.press("Shift+A");
  await page.getByLabel("Add an action").selectOption({ label: "Add to a queue" });
  await page.getByLabel("Queue", { exact: true }).selectOption({ label: "Soon gone" });
  await callAs(page, "DELETE", `/v3/queues/${gone.id}`);
  complaints.length = 0;
  await page.keyboard.press("Control+Enter");
  await page.getByText("This is no annotation queue of this project.").waitFor();
  // Nothing but the form is scrolled.
  expect(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(true);
  expect(complaints.join("\n")).toMatch(/40[04]/);
  complaints.length = 0;
  await look(page, "automation-refused");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Queue", { exact: true }).selectOption({ label: "Triage" });
  await page.getByLabel("Add an action").selectOption({ label: "Add a tag" });
  await page.getByLabel("Tag", { exact: true }).fill("triaged");
  await page.getByLabel("Its first span has ended").fill("1");
  await page.keyboard.press("Control+Enter");
  await heading(page, "Support to Triage").waitFor();
  await page.getByText("0 acted on").waitFor();

  // A trace that comes is acted on, and the page says so by itself.
  await postil.send([trace(101, "support", "gpt-4o"), trace(102, "support", "gpt-4o-mini")]);
  await page.getByText(/^1 acted on/).waitFor({ timeout: 30_000 });
  await look(page, "automation");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("l");
  const runs = page.getByRole("list", { name: "Runs" });
  await runs.getByText("Added to the queue “Triage”.").waitFor();
  await runs.getByText("Tagged “triaged”.").waitFor();
  await runs.getByText(/Of support/).waitFor();
  expect(await runs.getByRole("link").count()).toBe(1);
  const [item] = await list(page, `/v3/queues/${queue.id}/items`);
  expect(item?.trace_id).toBe((101).toString(16).padStart(32, "a"));
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/traces\/a+65/);
  expect(complaints).toEqual([]);
}, 120_000);

it("what came before is back-filled, chosen in a dialog and followed to its end", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(automations());
  await page.getByRole("link", { name: "Support to Triage", exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await heading(page, "Support to Triage").waitFor();
  await page.keyboard.press("b");
  const dialog = page.getByRole("dialog", { name: "Back-fill Support to Triage" });
  await dialog.getByText("9 traces fit the filter.").waitFor();
  await look(page, "automation-back-fill");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByLabel("From").fill("2030-01-01");
  await dialog.getByText("The first day is after the last").waitFor();
  await dialog.getByLabel("From").fill(new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10));
  await dialog.getByRole("button", { name: "Back-fill" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(/looked at by the automation/).waitFor({ timeout: 30_000 });
  await page.getByText(/^6 acted on · 3 not chosen/).waitFor();
  expect(await list(page, `/v3/queues/${queue.id}/items`)).toHaveLength(6);
  await page.keyboard.press("l");
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "Not chosen (3)" });
  await page.getByText("not in the sample").first().waitFor();
  await page.getByText("by a back-fill").first().waitFor();
  expect(await page.getByRole("list", { name: "Runs" }).getByRole("listitem").count()).toBe(3);
  await look(page, "automation-runs");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("Show", { exact: true }).selectOption({ label: "Failed (0)" });
  await page.getByText("No run ended so").waitFor();
  await page.goto(automations());
  await page.getByRole("link", { name: "Support to Triage", exact: true }).click();
  await expect.poll(() => dryRun(page).textContent()).toContain("On all of these it acted before, and does not again.");
  expect(complaints).toEqual([]);
}, 120_000);

it("an automation is paused by key, found by its name, changed, and deleted when that is confirmed", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${automations()}/new`);
  await heading(page, "New automation").waitFor();
  const name = "توجيه كل المحادثات الطويلة جدًا إلى فريق الدعم الفني";
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("combobox", { name: "Which traces", exact: true }).fill("name:support");
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Which traces", exact: true }).fill('output:~"on its way"');
  await page.keyboard.press("Enter");
  await page.getByLabel("Which traces: how many of the terms must hold").selectOption({ label: "One of these" });
  await page.getByLabel("Add an action").selectOption({ label: "Add to a dataset" });
  // There is one: it is chosen.
  await page.getByLabel("Add an action").selectOption({ label: "Keep it longer" });
  await page.getByLabel("at least").fill("365");
  await page.getByLabel("Its first span has ended").fill("1");
  await expect.poll(() => dryRun(page).textContent()).toMatch(/^Would act on 14 of 14/);
  await page.getByRole("button", { name: "Save and back-fill" }).click();
  await page.getByRole("dialog", { name: `Back-fill ${name}` }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("link", { name: "Automations" }).last().click();
  const rows = page.getByRole("list", { name: "Automations", exact: true });
  await rows.getByRole("link", { name: "Support to Triage", exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("p");
  await rows.getByText("Paused").waitFor();
  expect(await page.getByRole("switch", { name: "Support to Triage is on" }).getAttribute("aria-checked")).toBe(
    "false",
  );
  await look(page, "automations");
  expect(await barriers(page)).toEqual([]);
  // The other one acts on what comes; this one does not.
  await postil.send([trace(201, "support", "gpt-4o")]);
  await rows.getByText(/^1 acted on/).waitFor({ timeout: 30_000 });
  await rows.getByText("6 acted on · 3 not chosen").waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("triage");
  await rows.getByText("الفني").first().waitFor({ state: "detached" });
  await page.getByLabel("Find an automation").fill("nothing like this");
  await page.getByText("No automation has this name").waitFor();
  await page.getByLabel("Find an automation").fill("");
  await rows.getByRole("link", { name: "Support to Triage", exact: true }).click();
  await heading(page, "Support to Triage").waitFor();

  // Changed: the group is gone, and its quota; the rest stays.
  await page.getByRole("button", { name: "Remove Of support" }).click();
  await page.getByLabel("At most a day (not needed)").fill("");
  await page.getByRole("button", { name: /^Save/ }).first().click();
  await page.getByText("Saved", { exact: true }).waitFor();
  const changed = (await list(page, "/v2/automations")).find((one) => one.name === "Support to Triage");
  expect(changed).toMatchObject({ enabled: false, strata: [], sampling_rate: 0 });
  expect(changed).not.toHaveProperty("per_day");

  await page.keyboard.press("Shift+Backspace");
  const asked = page.getByRole("dialog", { name: "Delete Support to Triage?" });
  await asked.waitFor();
  await asked.getByRole("button", { name: "Cancel" }).click();
  await page.keyboard.press("Shift+Backspace");
  await asked.getByRole("button", { name: "Delete the automation" }).click();
  await page.waitForURL(/\/automations$/);
  await rows.getByText("الفني").first().waitFor();
  await expect.poll(() => rows.getByRole("switch").count()).toBe(1);
  expect(complaints).toEqual([]);
}, 120_000);

it("an older question is given up when the rule is changed, and its answer never shown", async () => {
  const { page } = await openPage(inside);
  const given: string[] = [];
  page.on("requestfailed", (request) => {
    if (request.url().endsWith("/dry-run")) given.push(request.failure()?.errorText ?? "");
  });
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await page.route("**/v2/automations/dry-run", async (route) => {
    const asked = route.request().postDataJSON() as { filters: unknown[] };
    if (asked.filters.length === 0) await held;
    await route.continue().catch(() => {});
  });
  const first = page.waitForRequest("**/v2/automations/dry-run");
  await page.goto(`${automations()}/new`);
  await first;
  await page.getByRole("combobox", { name: "Which traces", exact: true }).fill("model:gpt-4o-mini");
  await page.keyboard.press("Enter");
  await page
    .getByText(/Would act on 5 of 15 traces/)
    .first()
    .waitFor();
  release();
  await expect.poll(() => given.length).toBe(1);
  expect(await dryRun(page).textContent()).toMatch(/^Would act on 5 of 15/);
  // What was begun would be there for the next one.
  await page.getByRole("button", { name: "Discard changes" }).click();
  await expect.poll(() => dryRun(page).textContent()).toMatch(/^Would act on 15 of 15/);
});

/** A browser of somebody new, who came by an invite. */
async function join(page: Page, name: string, role: string) {
  const { path } = (await callAs(page, "POST", "/api/invites", { expires_in_days: 1, role })) as { path: string };
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await openPage(context);
  await opened.page.goto(`${postil.url}${path}`);
  await opened.page.getByLabel("Your name").fill(name);
  await opened.page.getByLabel("E-mail").fill(`${name.toLowerCase()}@example.com`);
  await opened.page.getByLabel("Choose a password").fill("correct horse battery staple");
  await opened.page.getByRole("button", { name: "Join" }).click();
  await opened.page.waitForURL(/\/p\//);
  return { context, ...opened };
}

it("feedback moves a trace, and whoever may only read sees it without being able to change it", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${automations()}/new?q=rating:bad`);
  await page.getByRole("button", { name: "Rating: bad", exact: true }).waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Rated bad");
  await page.getByLabel("When a trace is complete").uncheck();
  await page.getByLabel(/^When feedback comes or goes/).check();
  await page.getByLabel("Add an action").selectOption({ label: "Add to a queue" });
  await page.getByLabel("What is judged").selectOption({ label: "The whole trace" });
  await page.getByLabel("Priority").selectOption({ label: "High priority" });
  await page.keyboard.press("Control+Enter");
  await heading(page, "Rated bad").waitFor();
  const [id, span] = [(12).toString(16).padStart(32, "a"), (12).toString(16).padStart(16, "b")];
  await callAs(page, "POST", `/v2/traces/${id}/spans/${span}/annotation`, {
    annotations: [{ key: "rating", value: "bad" }],
  });
  await page.getByText(/^1 acted on/).waitFor({ timeout: 30_000 });
  await page.getByRole("tab", { name: "Run log" }).click();
  await page.getByText("when feedback came or went").waitFor();
  const items = await list(page, `/v3/queues/${queue.id}/items`);
  expect(items.find((item) => item.trace_id === id)).toMatchObject({ kind: "trace", priority: 10 });
  const address = page.url();
  expect(complaints).toEqual([]);

  const { page: theirs, complaints: theirComplaints, context: other } = await join(page, "Vera", "viewer");
  await theirs.goto(address.replace(/\?.*/, ""));
  await theirs.getByText("You may read this. A developer or an admin can change it.").waitFor();
  expect(await theirs.getByLabel("Name", { exact: true }).isDisabled()).toBe(true);
  expect(await theirs.getByRole("switch").isDisabled()).toBe(true);
  expect(await theirs.getByRole("button", { name: /^(Save|Back-fill|Delete)/ }).count()).toBe(0);
  await theirs.goto(`${automations()}/new`);
  await theirs.getByText("A developer or an admin can make automations.").waitFor();
  await theirs.goto(`${postil.url}/p/default/traces`);
  await theirs.getByText("15 traces", { exact: true }).waitFor();
  expect(await theirs.getByRole("button", { name: "Automate this filter" }).count()).toBe(0);
  expect(theirComplaints).toEqual([]);
  await other.close();
}, 120_000);

it("what an automation cannot do is told in the list, at its head and in its log; a filter is saved as it is typed", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${automations()}/new`);
  const lost = (await callAs(page, "POST", "/v3/queues", { display_name: "Lost" })) as { id: string };
  await page.reload();
  await page.getByLabel("Name", { exact: true }).fill("Into nowhere");
  await page.getByLabel("Its first span has ended").fill("1");
  await page.getByLabel("Add an action").selectOption({ label: "Add to a queue" });
  await page.getByLabel("Queue", { exact: true }).selectOption({ label: "Lost" });
  await page.getByRole("combobox", { name: "Which traces", exact: true }).fill("name:nowhere");
  await page.keyboard.press("Control+Enter");
  await heading(page, "Into nowhere").waitFor();
  await page.getByText("Name: nowhere").waitFor();
  await callAs(page, "DELETE", `/v3/queues/${lost.id}`);
  await postil.send([trace(301, "nowhere", "gpt-4o")]);
  await page.getByText(/^It failed/).waitFor({ timeout: 30_000 });
  await page.getByRole("tab", { name: "Run log" }).click();
  await page.getByRole("list", { name: "Runs" }).getByText("Failed", { exact: true }).waitFor();
  await look(page, "automation-failed");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  const rows = page.getByRole("list", { name: "Automations", exact: true });
  await rows.getByText("Failing").waitFor();
  await rows.getByText("a queue that is gone").waitFor();
  await look(page, "automations-failing");
  expect(await barriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it("a webhook is chosen by an admin, and by nobody else", async () => {
  const { page } = await openPage(inside);
  const items = [{ _id: "hook", display_name: "Pager", enabled: false }];
  await page.route("**/v2/webhooks?*", (route) => route.fulfill({ json: { items } }));
  await page.goto(`${automations()}/new`);
  await page.getByLabel("Name", { exact: true }).fill("Errors to the pager");
  await page.getByLabel("Add an action").selectOption({ label: "Call a webhook" });
  await page.getByLabel("Webhook", { exact: true }).selectOption({ label: "Pager (switched off)" });
  await page.keyboard.press("Control+Enter");
  await page.getByText("This is no webhook of this project.").waitFor();
  const { page: theirs, complaints, context } = await join(page, "Dora", "developer");
  await theirs.goto(`${automations()}/new`);
  const closed = theirs.getByLabel("Add an action").getByRole("option", { name: "Call a webhook (for admins)" });
  await closed.waitFor({ state: "attached" });
  expect(await closed.isDisabled()).toBe(true);
  expect(complaints).toEqual([]);
  await context.close();
});
