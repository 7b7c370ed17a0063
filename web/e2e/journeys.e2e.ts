import { gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start("--demo"), openBrowser()]);
  inside = await signIn(browser, postil);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const margin = (page: Page) => page.getByRole("region", { name: "Margin" });
const question = (page: Page, name: string) =>
  margin(page)
    .locator("[data-question]")
    .filter({ has: page.getByRole("heading", { name, exact: true }) });

/** Until the demo has arrived as far as a test needs it. */
async function openTraces(page: Page, search = ""): Promise<void> {
  await page.goto(`${postil.url}/p/default/traces${search}`);
  await page.getByRole("region", { name: "Traces" }).getByRole("link").nth(3).waitFor();
}

it("a newcomer finds a conversation, judges it, undoes and removes", async () => {
  const { page, complaints } = await openPage(inside);
  await openTraces(page);
  await look(page, "traces");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("combobox", { name: "Filter traces" }).fill("floor lamp");
  await page.keyboard.press("Enter");
  await page.getByText("1 trace", { exact: true }).waitFor();
  await page.getByRole("link", { name: /floor lamp/ }).click();
  await page
    .getByRole("article", { name: /Assistant, answer/ })
    .getByText("A replacement")
    .waitFor();
  await look(page, "trace");
  expect(await barriers(page)).toEqual([]);
  const rating = question(page, "Rating");
  await rating.getByRole("button", { name: "good" }).click();
  await rating.getByText("Saved").waitFor();
  await page.reload();
  await rating.getByRole("button", { name: "good", pressed: true }).waitFor();
  await rating.getByRole("button", { name: "bad" }).click();
  await rating.getByText("Saved").waitFor();
  await margin(page).getByRole("button", { name: /Undo/ }).click();
  await rating.getByRole("button", { name: "good", pressed: true }).waitFor();
  await rating.getByRole("button", { name: "Remove your answer to Rating" }).click();
  await rating.getByRole("button", { name: "good", pressed: false }).waitFor();
  for (const tab of ["Request", "Attributes", "Events", "Raw"]) {
    await page.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
    await page.getByRole("tabpanel").waitFor();
    expect(await barriers(page), tab).toEqual([]);
  }
  await look(page, "trace-raw");
  expect(complaints).toEqual([]);
});

it("a whole judgement by keyboard alone", async () => {
  const { page } = await openPage(inside);
  await openTraces(page);
  await page.keyboard.press("/");
  await page.keyboard.type("status:err");
  await page.getByRole("option", { name: /error/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("listitem").filter({ hasText: "Status: error" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const rating = question(page, "Rating");
  await rating.getByRole("button", { name: "bad" }).waitFor();
  await page.keyboard.press("2");
  await rating.getByRole("button", { name: "bad", pressed: true }).waitFor();
  await rating.getByText("Saved").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("1");
  const defects = question(page, "Defects");
  await defects.getByRole("button", { name: "grammatical", pressed: true }).waitFor();
  await defects.getByText("Saved").waitFor();
  await page.keyboard.press("z");
  await defects.getByRole("button", { name: "grammatical", pressed: false }).waitFor();
  const first = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== first);
  await rating.getByRole("button", { name: "bad", pressed: false }).waitFor();
  await page.keyboard.press("k");
  await rating.getByRole("button", { name: "bad", pressed: true }).waitFor();
  await page.keyboard.press("r");
  await page.getByRole("tab", { name: "Raw", selected: true }).waitFor();
  await page.keyboard.press("Control+k");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Command");
  await page.keyboard.type("all keys");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await page.waitForURL(/\/traces\?/);
});

it("signs in, finds, opens, judges, corrects and goes on, by keys alone", async () => {
  const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page, complaints } = await openPage(fresh);
  const who = { email: "keys@example.com", password: "a margin to write in" };
  const admin = await openPage(inside);
  await admin.page.goto(`${postil.url}/p/default/settings/members`);
  await admin.page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = admin.page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Role").selectOption({ label: "Developer" });
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await admin.page
    .getByRole("region", { name: /^A link for/ })
    .locator("code")
    .textContent();
  await page.goto(link ?? "");
  const field = async (label: string, text: string) => {
    const isThere = () => page.getByLabel(label).evaluate((input) => input === document.activeElement);
    await page.getByLabel(label).waitFor();
    for (let press = 0; press < 12 && !(await isThere()); press++) await page.keyboard.press("Tab");
    expect(await isThere(), label).toBe(true);
    await page.keyboard.type(text);
  };
  await field("Your name", "Kim Keys");
  await field("E-mail", who.email);
  await field("Choose a password", who.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/traces/);
  await page.context().clearCookies();
  await page.goto(`${postil.url}/sign-in`);
  await field("E-mail", who.email);
  await field("Password", who.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/traces/);
  await page.getByRole("region", { name: "Traces" }).getByRole("link").nth(3).waitFor();
  // What a page without its session complained of is no matter.
  complaints.length = 0;
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const rating = question(page, "Rating");
  await rating.getByRole("button", { name: "good" }).waitFor();
  await page.keyboard.press("1");
  await rating.getByText("Saved").waitFor();
  await page.keyboard.press("e");
  const text = question(page, "Correction").getByRole("textbox");
  await expect.poll(() => text.evaluate((area) => area === document.activeElement)).toBe(true);
  await page.keyboard.type("What should have been said.");
  await page.keyboard.press("Escape");
  await question(page, "Correction").getByText("Saved").waitFor();
  const first = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== first);
  await rating.getByRole("button", { name: "good", pressed: false }).waitFor();
  await page.keyboard.press("k");
  await rating.getByRole("button", { name: "good", pressed: true }).waitFor();
  expect(await text.inputValue()).toBe("What should have been said.");
  expect(complaints).toEqual([]);
  await fresh.close();
});

it("a log is corrected, shown side by side, edited and taken back", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/logs?judged=false`);
  const list = page.getByRole("region", { name: "Logs" });
  await list.getByRole("link").nth(2).waitFor();
  await look(page, "logs");
  expect(await barriers(page)).toEqual([]);
  await list.getByRole("link").nth(2).click();
  await page.getByRole("button", { name: /Add correction/ }).click();
  const text = page.getByLabel("What should have been said");
  await text.fill(`${await text.inputValue()} And one thing more.`);
  await page.reload();
  await page.getByText("And one thing more.").waitFor();
  await text.press("Control+Enter");
  await page.getByRole("heading", { name: "Correction" }).waitFor();
  expect(await page.locator("ins").textContent()).toContain("And one thing more.");
  await look(page, "log-corrected");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Remove the correction" }).click();
  await page.getByRole("button", { name: /Add correction/ }).waitFor();
  expect(complaints).toEqual([]);
});

it("a human review is made, asked in the margin, and archived", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/settings/human-reviews`);
  await page.getByRole("heading", { name: "Human reviews" }).waitFor();
  await look(page, "human-reviews");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "New human review" }).click();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Give it a title.").waitFor();
  await page.getByRole("textbox", { name: "Title" }).fill("Tone of voice");
  expect(await page.getByRole("textbox", { name: "Key" }).inputValue()).toBe("tone_of_voice");
  await page.getByLabel("Option 1: value").fill("warm");
  await page.getByLabel("Option 2: value").fill("cold");
  await page.getByRole("region", { name: "Preview, light" }).getByRole("button", { name: "warm" }).click();
  await look(page, "human-review");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Tone of voice" }).waitFor();
  await openTraces(page);
  await page.getByRole("region", { name: "Traces" }).getByRole("link").first().click();
  await question(page, "Tone of voice").getByRole("button", { name: "warm" }).click();
  await question(page, "Tone of voice").getByText("Saved").waitFor();
  await page.goto(`${postil.url}/p/default/settings/human-reviews`);
  await page.getByRole("link", { name: "Tone of voice" }).click();
  await page.getByText("1 value uses this option").waitFor();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByRole("dialog").getByText("Its 1 value stays.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page.getByRole("region", { name: "Archived" }).getByText("Tone of voice").waitFor();
  expect(complaints).toEqual([]);
});

it("is quick, and says how quick", async () => {
  const { page } = await openPage(inside);
  const scripts = new Set<string>();
  page.on("response", (response) => {
    if (response.url().endsWith(".js")) scripts.add(response.url());
  });
  const begun = performance.now();
  await openTraces(page);
  const first = performance.now() - begun;
  const opened = performance.now();
  await page.getByRole("region", { name: "Traces" }).getByRole("link").first().click();
  await page.getByRole("article").first().waitFor();
  const trace = performance.now() - opened;
  await question(page, "Rating").getByRole("button", { name: "good" }).waitFor();
  const key = await page.evaluate(async () => {
    const button = document.querySelector('[data-question="rating"] button[data-option="good"]');
    const before = button?.getAttribute("aria-pressed");
    const at = performance.now();
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
    while (
      document.querySelector('[data-question="rating"] button[data-option="good"]')?.getAttribute("aria-pressed") ===
      before
    ) {
      await new Promise(requestAnimationFrame);
      if (performance.now() - at > 2000) break;
    }
    return performance.now() - at;
  });
  const sizes = await Promise.all(
    [...scripts].map(async (url) => gzipSync(await (await fetch(url)).arrayBuffer()).byteLength / 1024),
  );
  const kilobytes = sizes.reduce((sum, size) => sum + size, 0);
  console.info(
    `list ${first.toFixed(0)} ms, trace ${trace.toFixed(0)} ms, key ${key.toFixed(0)} ms, compressed scripts ${kilobytes.toFixed(0)} KB`,
  );
  expect(kilobytes).toBeLessThan(350);
  expect(key).toBeLessThan(200);
  expect(trace).toBeLessThan(1500);
});
