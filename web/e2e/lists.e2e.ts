import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;
let sent = 0;

/** Sends traces of one model call each; the newest is last. */
async function send(count: number, name = "chat"): Promise<void> {
  const spans = Array.from({ length: count }, () => {
    sent += 1;
    // Ids are padded with letters, so small numbers could meet.
    return otlpSpan(0x100000 + sent, `${name} ${sent}`, {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": sent % 3 === 0 ? "gpt-4o" : "gpt-4o-mini",
      "input.value": `Where is order ${sent}?`,
      "output.value": `Order ${sent} is on its way.`,
    });
  });
  for (let at = 0; at < spans.length; at += 500) await postil.send(spans.slice(at, at + 500));
}

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await send(150);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const list = (page: Page) => page.getByRole("region", { name: "Traces" });
const status = (page: Page, text: string | RegExp) => page.getByRole("status").filter({ hasText: text }).first();

async function openTraces(page: Page, search = ""): Promise<void> {
  await page.goto(`${postil.url}/p/default/traces${search}`);
  await list(page).getByRole("link").nth(3).waitFor();
}

it("traces that arrive come in on top while nobody reads further down", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page);
  await page.mouse.move(5, 300);
  await send(2, "arrival");
  await list(page)
    .getByRole("link", { name: new RegExp(`arrival ${sent}\\b`) })
    .waitFor();
  expect(complaints).toEqual([]);
});

it("what is being read does not move; a button tells how many arrived", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page);
  await list(page).hover();
  await page.mouse.wheel(0, 900);
  await expect.poll(() => list(page).evaluate((region) => region.scrollTop)).toBe(900);
  const sixth = list(page).getByRole("link").nth(25);
  await sixth.waitFor();
  const [text, place] = [await sixth.textContent(), await sixth.boundingBox()];
  await send(12, "waiting");
  const button = page.getByRole("button", { name: "12 new traces" });
  await button.waitFor();
  const same = list(page)
    .getByRole("link")
    .filter({ hasText: text ?? "" });
  expect(await same.boundingBox()).toEqual(place);
  await look(page, "new-traces");
  expect(await barriers(page)).toEqual([]);
  await button.click();
  await button.waitFor({ state: "hidden" });
  expect(complaints).toEqual([]);
});

it("an open trace follows its spans and what others say of it", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page);
  await page.mouse.move(5, 300);
  const id = "c".repeat(32);
  const root = { ...otlpSpan(900_001, "agent", { "input.value": "Go." }), traceId: id };
  await postil.send([root]);
  await page.goto(`${postil.url}/p/default/traces/${id}`);
  const tree = page.getByRole("tree");
  await tree.getByRole("treeitem").first().waitFor();
  const child = { ...otlpSpan(900_002, "a later step", { "input.value": "More." }), traceId: id };
  await postil.send([{ ...child, parentSpanId: (root as { spanId?: string }).spanId }]);
  await tree.getByRole("treeitem", { name: /a later step/ }).waitFor();
  const span = (root as { spanId?: string }).spanId ?? "";
  const said = await fetch(`${postil.url}/v2/traces/${id}/spans/${span}/annotation`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${postil.apiKey}` },
    body: JSON.stringify({ annotations: [{ key: "rating", value: "bad" }], metadata: { reviewer_id: "Bea" } }),
  });
  expect(said.status).toBe(200);
  await tree.getByRole("treeitem", { name: /agent/ }).first().click();
  await page.getByRole("region", { name: "Margin" }).getByText("Bea").first().waitFor();
  expect(complaints).toEqual([]);
});

it("a lost connection is told calmly, and goes on by itself", async () => {
  const { page } = await openPage(inside);
  await openTraces(page);
  await page.mouse.move(5, 300);
  await page.context().setOffline(true);
  await status(page, "Connection lost. Trying again…").waitFor({ timeout: 60_000 });
  await look(page, "connection-lost");
  await send(1, "meanwhile");
  await page.context().setOffline(false);
  await page.getByText("Connection lost. Trying again…").waitFor({ state: "hidden" });
  await list(page)
    .getByRole("link", { name: new RegExp(`meanwhile ${sent}\\b`) })
    .waitFor();
});

it("a view is saved, chosen, renamed and deleted, and is in the address", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page, "?q=model%3Agpt-4o&sort=duration_ms&range=24h");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save as a new view…" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Big model");
  await page.getByRole("dialog").getByRole("checkbox", { name: "Only for me" }).check();
  await look(page, "view-save");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "View: Big model" }).waitFor();
  expect(new URL(page.url()).searchParams.get("view")).toBeTruthy();
  await openTraces(page);
  await page.getByRole("button", { name: "Views" }).click();
  await look(page, "views");
  await page.getByRole("menuitem", { name: /Big model/ }).click();
  await page.getByRole("listitem").filter({ hasText: "gpt-4o" }).waitFor();
  await page.getByRole("button", { name: "Order: Slowest first" }).waitFor();
  await page.getByRole("button", { name: "Remove all filters" }).click();
  await page.getByRole("button", { name: "View: Big model (changed)" }).click();
  await page.getByRole("menuitem", { name: "Rename “Big model”…" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("The big one");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "View: The big one (changed)" }).click();
  await page.getByRole("menuitem", { name: "Delete “The big one”" }).click();
  await page.getByRole("button", { name: "Views", exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

it("some traces are selected by key and by range, and annotated together", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await status(page, "2 selected").waitFor();
  await list(page)
    .getByRole("checkbox")
    .nth(4)
    .click({ modifiers: ["Shift"] });
  await status(page, "5 selected").waitFor();
  await look(page, "selection");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog", { name: "Annotate 5 traces" });
  await dialog.getByRole("button", { name: "good" }).click();
  await look(page, "bulk-annotate");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Annotate 5 traces" }).click();
  await page.getByText("5 traces annotated").waitFor();
  await openTraces(page, "?q=rating%3Agood");
  await status(page, "5 traces").waitFor();
  expect(complaints).toEqual([]);
});

it("all that match are annotated in the background, and the work can be followed", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page, "?q=model%3Agpt-4o-mini");
  await page.getByRole("checkbox", { name: "Select all that are loaded" }).check();
  await page.getByRole("button", { name: /^Select all \d+ that match/ }).click();
  const all = await status(page, /^All \d+ traces that match/).textContent();
  const total = /\d+/.exec(all ?? "")?.[0];
  await page.getByRole("button", { name: /^Annotate/ }).click();
  const dialog = page.getByRole("dialog", { name: `Annotate ${total} traces` });
  await dialog.getByRole("button", { name: "bad" }).click();
  await dialog.getByRole("button", { name: `Annotate ${total} traces` }).click();
  await page.getByText(`${total} traces annotated`).waitFor();
  await openTraces(page, "?q=rating%3Abad%20model%3Agpt-4o-mini");
  await status(page, `${total} traces`).waitFor();
  expect(complaints).toEqual([]);
});

it("logs are found by words, model and status, and new ones come in", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/logs`);
  const logs = page.getByRole("region", { name: "Logs" });
  await logs.getByRole("link").nth(3).waitFor();
  await page.mouse.move(5, 300);
  await send(1, "fresh");
  await logs.getByRole("link", { name: new RegExp(`order ${sent}\\b`) }).waitFor();
  await page.getByRole("button", { name: "Model: Any model" }).click();
  await page.getByRole("menuitem", { name: "gpt-4o", exact: true }).click();
  await page.getByRole("button", { name: "Model: gpt-4o" }).waitFor();
  await page.getByRole("textbox", { name: "Words to find" }).fill("ORDER 33?");
  await expect.poll(() => logs.getByRole("link").count()).toBe(1);
  await look(page, "logs-filtered");
  expect(await barriers(page)).toEqual([]);
  await page.reload();
  await logs.getByRole("link", { name: /order 33/ }).waitFor();
  await page.getByRole("textbox", { name: "Words to find" }).fill("nowhere to be found");
  await page.getByText("Nothing fits these filters.").waitFor();
  expect(complaints).toEqual([]);
});

it("on a phone, traces are selected by touch", async () => {
  const { page } = await openPage(inside);
  await page.setViewportSize({ width: 390, height: 844 });
  await openTraces(page);
  await page.getByRole("button", { name: "Select", exact: true }).click();
  await list(page).getByRole("checkbox").nth(1).check();
  await status(page, "1 selected").waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "End the selection" }).first().click();
  await page.getByRole("button", { name: "Select", exact: true }).waitFor();
});

it("on a phone, the filter is a sheet", async () => {
  const { page, complaints } = await openPage(inside);
  await page.setViewportSize({ width: 390, height: 844 });
  await openTraces(page);
  await page.getByRole("button", { name: "Filter, or words to find" }).click();
  const sheet = page.getByRole("dialog", { name: "Filter" });
  await sheet.getByRole("combobox", { name: "Filter traces" }).fill("model:gpt-4o");
  await page.keyboard.press("Enter");
  await sheet.getByRole("button", { name: "Order: Newest first" }).click();
  await page.getByRole("menuitem", { name: "Oldest first" }).click();
  await sheet.getByRole("listitem").filter({ hasText: "gpt-4o" }).waitFor();
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.screenshot({ path: "e2e/screenshots/filter-sheet-light-narrow.png" });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.screenshot({ path: "e2e/screenshots/filter-sheet-dark-narrow.png" });
  expect(await barriers(page)).toEqual([]);
  await sheet.getByRole("button", { name: /^Show \d+ traces/ }).click();
  await page.getByRole("button", { name: "Filter: model:gpt-4o" }).waitFor();
  expect(complaints).toEqual([]);
});
