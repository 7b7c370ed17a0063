import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

async function openSettings(page: Page, name: string): Promise<void> {
  await page.goto(`${postil.url}/p/default/settings`);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}

it("a silent project shows the lines to paste, and then who sends and what is missing", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Ingest");
  await page.getByRole("heading", { name: "Nothing arrived in this time" }).waitFor();
  await page.getByRole("button", { name: "Copy the lines" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("OTEL_EXPORTER_OTLP_ENDPOINT");
  await look(page, "ingest-silent");
  expect(await barriers(page)).toEqual([]);
  await postil.send([
    otlpSpan(1, "chat", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "acme.flavour": "kept",
    }),
    { ...otlpSpan(2, "broken", {}), traceId: "not hex" },
  ]);
  await page.getByRole("heading", { level: 3, name: "e2e" }).waitFor();
  await page.getByText("1 without messages").waitFor();
  await page.getByRole("button", { name: "Copy the setting" }).first().click();
  expect((await page.evaluate(() => navigator.clipboard.readText())).length).toBeGreaterThan(10);
  await page.getByRole("region", { name: "Not stored" }).getByText("1 span").waitFor();
  await page.getByRole("button", { name: /attributes? without a place/ }).click();
  await page.getByText("acme.flavour").waitFor();
  await look(page, "ingest");
  expect(await barriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it("what is known of a person goes on request, with its progress", async () => {
  const { page, complaints } = await openPage(inside);
  const span = otlpSpan(900, "theirs", { "user.id": "anna/1" }) as { traceId: string };
  await postil.send([span]);
  await openSettings(page, "Retention");
  const section = page.getByRole("region", { name: "Delete what is known of a person" });
  await section.getByLabel("User id").fill("nobody-we-know");
  await section.getByRole("button", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("They are the user of 0 traces.").waitFor();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.getByText("nothing is known of it").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  await section.getByLabel("User id").fill("anna/1");
  await section.getByRole("button", { name: "Delete…" }).click();
  await dialog.getByText("They are the user of 1 trace.").waitFor();
  await look(page, "person-data");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("1 trace deleted").waitFor();
  await expect(callAs(page, "GET", `/v3/traces/${span.traceId}`)).rejects.toThrow();
  expect(complaints.filter((one) => !one.includes("404"))).toEqual([]);
});

it("traces are kept for some days, after it was said what would go", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Retention");
  await page.getByRole("radio", { name: "For ever", checked: true }).waitFor();
  await page.getByRole("radio", { name: "For some days" }).check();
  const days = page.getByRole("spinbutton", { name: "Days" });
  await days.fill("0");
  await page.getByText("A whole number from 1 to 3,650.").waitFor();
  await days.fill("30");
  await page.getByText("Nothing would be removed now.").waitFor();
  await look(page, "retention");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Keep traces for 30 days?" });
  await dialog.getByText("Annotations, corrections and evaluator results stay.").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Traces are kept for 30 days").waitFor();
  await page.reload();
  await page.getByRole("radio", { name: "For some days", checked: true }).waitFor();
  expect(await days.inputValue()).toBe("30");
  await page.getByRole("radio", { name: "For ever" }).check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Traces are kept for ever", { exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

it("an archived project is brought back, and deleted for good", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Projects");
  await callAs(page, "POST", "/v2/projects", { name: "Night shift" });
  await page.reload();
  await page.getByRole("button", { name: "Archive Night shift" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  const archived = page.getByRole("region", { name: "Archived projects" });
  await archived.getByText("Night shift").waitFor();
  await look(page, "projects-archived");
  expect(await barriers(page)).toEqual([]);
  await archived.getByRole("button", { name: "Bring back Night shift" }).click();
  await page.getByRole("button", { name: "Archive Night shift" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await archived.getByRole("button", { name: "Delete Night shift for good" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete Night shift for good?" });
  await dialog.waitFor();
  await look(page, "project-delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("The project is deleted for good", { exact: true }).waitFor();
  await archived.waitFor({ state: "hidden" });
  expect(complaints).toEqual([]);
});

it("a viewer gives themselves another name, and their keys follow them to another browser", async () => {
  const admin = await openPage(inside);
  await openSettings(admin.page, "Members");
  await admin.page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = admin.page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Role").selectOption({ label: "Viewer" });
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await admin.page
    .getByRole("region", { name: /^A link for/ })
    .locator("code")
    .textContent();
  const here = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const { page, complaints } = await openPage(here);
  await page.goto(link ?? "");
  await page.getByLabel("Your name").fill("Vera");
  await page.getByLabel("E-mail").fill("vera@example.com");
  await page.getByLabel("Choose a password").fill("a margin to write in");
  await page.getByRole("button", { name: "Join" }).click();
  await page.waitForURL(/\/traces/);
  await page.goto(`${postil.url}/p/default/settings/account`);
  await page.getByLabel("Your name").fill("Vera Grün");
  await page.getByRole("button", { name: "Save the name" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.goto(`${postil.url}/p/default/settings/keys`);
  const kept = page.waitForResponse(
    (answer) => answer.url().endsWith("/api/me") && answer.request().method() === "PATCH",
  );
  await page.getByRole("button", { name: /Change the key of Switch between light and dark/ }).click();
  await page.keyboard.press("y");
  expect((await kept).status()).toBe(200);
  expect(complaints).toEqual([]);
  const there = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const other = await openPage(there);
  await other.page.goto(`${postil.url}/sign-in?next=${encodeURIComponent("/p/default/settings/keys")}`);
  await other.page.getByLabel("E-mail").fill("vera@example.com");
  await other.page.getByLabel("Password").fill("a margin to write in");
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.page.getByRole("button", { name: "Default key for Switch between light and dark" }).waitFor();
  await Promise.all([here.close(), there.close()]);
});

it("columns are chosen, stay, and are kept by a view", async () => {
  await postil.send([otlpSpan(10, "with a session", { "session.id": "s-1", "user.id": "u-77", "input.value": "Hi" })]);
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  const list = page.getByRole("region", { name: "Traces" });
  const row = list.getByRole("link", { name: /with a session/ });
  await row.waitFor();
  expect(await row.textContent()).not.toContain("u-77");
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "User" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Tokens", checked: true }).click();
  await list.getByText("u-77").waitFor();
  await look(page, "columns");
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save as a new view…" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("Who");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "View: Who" }).waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitem", { name: "The usual columns" }).click();
  await list.getByText("u-77").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "View: Who (changed)" }).click();
  await page.getByRole("menuitem", { name: "Who", exact: true }).click();
  await list.getByText("u-77").waitFor();
  await page.reload();
  await list.getByText("u-77").waitFor();
  expect(complaints).toEqual([]);
});

it("a streamed call that came as two spans is shown as one, and a call of two traces leads to the other", async () => {
  const asked = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "Where is my order?" }] }]);
  const answer = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "On its way." }] }]);
  const call = { "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.input.messages": asked };
  const traceId = "d".repeat(32);
  const request = {
    ...otlpSpan(20, "Chat Completion", { ...call, "logfire.span_type": "span", "logfire.msg": "Chat" }),
    traceId,
  };
  const reply = {
    ...otlpSpan(21, "streaming response", {
      ...call,
      "logfire.span_type": "log",
      "logfire.msg": "streaming response",
      "gen_ai.output.messages": answer,
    }),
    traceId,
  };
  const scoped = (name: string, spans: object[]) =>
    postil.call("POST", "/v1/traces", { resourceSpans: [{ scopeSpans: [{ scope: { name }, spans }] }] });
  await scoped("logfire.openai", [request, reply]);
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces/${traceId}`);
  await page.getByText("The reply came as a span of its own.").waitFor();
  await page
    .getByRole("article", { name: /Assistant, answer/ })
    .getByText("On its way.")
    .waitFor();
  expect(await page.getByRole("treeitem").count()).toBe(1);
  await look(page, "trace-streamed");
  await page.getByRole("button", { name: "Show that span" }).click();
  await page.getByRole("button", { name: "Show the request" }).click();
  await page.getByText("The reply came as a span of its own.").waitFor();
  await page.goto(`${postil.url}/p/default/logs?q=Where`);
  await page.getByRole("region", { name: "Logs" }).getByText("On its way.").waitFor();
  expect(await page.getByRole("region", { name: "Logs" }).getByRole("link").count()).toBe(1);
  const reported = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.response.id": "msg_1",
  };
  await scoped("one", [{ ...otlpSpan(30, "chat one", reported), traceId: "1".repeat(32) }]);
  await scoped("two", [{ ...otlpSpan(31, "chat two", reported), traceId: "2".repeat(32) }]);
  await page.goto(`${postil.url}/p/default/traces/${"1".repeat(32)}`);
  await page.getByText("The same call is also in another trace.").waitFor();
  await look(page, "trace-linked");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "22222222…" }).click();
  await page.waitForURL(/\/traces\/2{32}/);
  expect(complaints).toEqual([]);
});

it("logs are narrowed by how long they took", async () => {
  await postil.send([
    otlpSpan(40, "quick call", { "gen_ai.operation.name": "chat", "input.value": "A quick question" }, 50),
    otlpSpan(41, "slow call", { "gen_ai.operation.name": "chat", "input.value": "A slow question" }, 3000),
  ]);
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/logs`);
  const list = page.getByRole("region", { name: "Logs" });
  await list.getByText("A quick question").waitFor();
  await page.getByRole("button", { name: "Latency: Any latency" }).click();
  await page.getByRole("menuitem", { name: "2.00 s or more" }).click();
  await list.getByText("A quick question").waitFor({ state: "hidden" });
  await list.getByText("A slow question").waitFor();
  await look(page, "logs-slow");
  expect(complaints).toEqual([]);
});
