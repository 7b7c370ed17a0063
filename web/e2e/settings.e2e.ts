import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, Postil, signIn } from "./postil";

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

const PASSWORD = "a margin to write in";
const LONG = "Maximiliane-Theodora von Grünenfeld-Westerhausen, Customer Support (Night Shift)";

async function openSettings(page: Page, name: string): Promise<void> {
  await page.goto(`${postil.url}/p/default/settings`);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}

/** Makes an invite and returns its link. */
async function invite(page: Page, role: string, email = ""): Promise<string> {
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Role").selectOption({ label: role });
  await dialog.getByLabel("E-mail (not needed)").fill(email);
  await dialog.getByLabel("Link is valid for").selectOption({ label: "30 days" });
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = page.getByRole("region", { name: /^A link for/ });
  await link.waitFor();
  const text = (await link.locator("code").textContent()) ?? "";
  expect(text).toContain(`${postil.url}/invite/`);
  return text;
}

/** A browser of somebody new, who came by an invite. */
async function join(link: string, name: string, email?: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const opened = await openPage(context);
  await opened.page.goto(link);
  await opened.page.getByLabel("Your name").fill(name);
  if (email) await opened.page.getByLabel("E-mail").fill(email);
  await opened.page.getByLabel("Choose a password").fill(PASSWORD);
  await opened.page.getByRole("button", { name: "Join" }).click();
  await opened.page.waitForURL(/\/p\//);
  return opened;
}

it("somebody is invited, joins, gets another role and is removed", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Members");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("E-mail (not needed)").fill("nobody");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await dialog.getByText("This is not an e-mail address.").waitFor();
  await look(page, "invite-form");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "hidden" });
  complaints.length = 0;

  const link = await invite(page, "Reviewer", "ann@example.com");
  await page.getByRole("button", { name: "Copy the link" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await invite(page, "Viewer");
  const waiting = page.getByRole("list", { name: "Invites" });
  await waiting.getByText("Anybody with the link").waitFor();
  await look(page, "members-invited");
  expect(await barriers(page)).toEqual([]);
  await waiting.getByRole("button", { name: "Revoke the invite for Anybody with the link" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await waiting.getByText("Anybody with the link").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "I have copied it" }).click();

  const door = await openPage(await browser.newContext());
  await door.page.goto(link);
  await door.page.getByText(/You are invited to .* to judge the conversations of queues\./).waitFor();
  await door.page.getByText("ann@example.com").waitFor();
  await look(door.page, "invite");
  expect(await barriers(door.page)).toEqual([]);
  await door.page.getByLabel("Your name").fill(LONG);
  await door.page.getByLabel("Choose a password").fill("short");
  await door.page.getByRole("button", { name: "Join" }).click();
  await door.page.getByText(/A password has at least/).waitFor();
  await look(door.page, "invite-refused");
  await door.page.close();
  const ann = await join(link, LONG);
  expect(ann.complaints).toEqual([]);

  await page.reload();
  const role = page.getByRole("combobox", { name: `Role of ${LONG}` });
  await role.selectOption({ label: "Developer" });
  await page.getByText(`${LONG} is now developer`).waitFor();
  await look(page, "members");
  expect(await barriers(page)).toEqual([]);
  await ann.page.reload();
  await ann.page.goto(`${postil.url}/p/default/settings/members`);
  await ann.page.getByText("(you)").waitFor();
  expect(await ann.page.getByRole("button", { name: "Invite" }).count()).toBe(0);
  expect(await ann.page.getByRole("combobox").count()).toBe(0);
  await look(ann.page, "members-of-a-developer");

  await page.getByRole("button", { name: `More for ${LONG}` }).click();
  await page.getByRole("menuitem", { name: "Remove from this project" }).click();
  await page.getByRole("dialog").getByText("What they said stays, with their name.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await role.waitFor({ state: "detached" });
  await ann.page.goto(`${postil.url}/`);
  await ann.page.getByText("You have no part in any project.").waitFor();
  expect(complaints).toEqual([]);
});

it("a link that was used or revoked says so", async () => {
  const { page } = await openPage(browser);
  await page.goto(`${postil.url}/invite/0123456789abcdef`);
  await page.getByText("This invite does not exist, was used, or has expired.").waitFor();
  await look(page, "invite-gone");
  expect(await barriers(page)).toEqual([]);
});

it("an API key is made, shown once, works, is switched off and revoked", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "API keys");
  await page.getByRole("button", { name: "New API key" }).click();
  const dialog = page.getByRole("dialog", { name: "New API key" });
  await dialog.getByRole("button", { name: "Create the key" }).click();
  await dialog.getByText("Give it a name: who or what uses it.").waitFor();
  await dialog.getByLabel("Name").fill(LONG);
  await dialog.getByLabel("Works", { exact: true }).selectOption({ label: "30 days" });
  await look(page, "api-key-form");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Create the key" }).click();
  const made = page.getByRole("region", { name: `${LONG} is made` });
  const secret = (await made.locator("code").textContent()) ?? "";
  const ask = () => fetch(`${postil.url}/v2/projects`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  await look(page, "api-key-made");
  expect(await barriers(page)).toEqual([]);
  await page.reload();
  const keys = page.getByRole("list", { name: "API keys" });
  const row = keys.getByRole("listitem").filter({ hasText: LONG });
  await row.getByText("Send traces, Annotate, Read", { exact: true }).waitFor();
  expect(await page.getByText(secret).count()).toBe(0);
  await keys.getByRole("button", { name: `Switch off ${LONG}` }).click();
  await keys.getByText("switched off").waitFor();
  expect((await ask()).status).toBe(401);
  await look(page, "api-keys");
  expect(await barriers(page)).toEqual([]);
  await keys.getByRole("button", { name: `Revoke ${LONG}` }).click();
  await look(page, "api-key-revoke");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await keys.getByText(LONG).waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

it("a project is made, renamed and archived", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Projects");
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Night desk");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await page.waitForURL(/\/p\/night-desk\/traces/);
  await page.getByRole("button", { name: "Project Night desk" }).waitFor();
  await openSettings(page, "Projects");
  const list = page.getByRole("list", { name: "Projects" });
  await list.getByRole("button", { name: "Edit Night desk" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(LONG);
  await page.getByRole("dialog").getByLabel("Description").fill("Everything that was asked between ten and six.");
  await look(page, "project-form");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await list.getByRole("link", { name: LONG }).waitFor();
  await look(page, "projects");
  expect(await barriers(page)).toEqual([]);
  await list.getByRole("button", { name: `Archive ${LONG}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await list.getByRole("link", { name: LONG }).waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

it("keys are changed, refused when taken, and reset", async () => {
  const { page, complaints } = await openPage(inside);
  await openSettings(page, "Keys");
  const undo = page.getByRole("button", { name: /Change the key of Undo the last answer/ });
  await undo.click();
  await page.keyboard.press("j");
  await page.getByText("J already does “Next trace”. Give that another key first.").waitFor();
  await look(page, "keys");
  expect(await barriers(page)).toEqual([]);
  const theme = page.getByRole("button", { name: /Change the key of Switch between light and dark/ });
  await theme.click();
  await page.keyboard.press("y");
  await page.getByRole("button", { name: "Default key for Switch between light and dark" }).waitFor();
  await page.reload();
  await theme.waitFor();
  await page.keyboard.press("y");
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await page.getByRole("button", { name: "Reset all keys" }).click();
  await page.keyboard.press("Shift+T");
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  await page.evaluate(() => localStorage.removeItem("postil.theme"));
  expect(complaints).toEqual([]);
});

it("one changes one's own name, theme and password, and signs out everywhere", async () => {
  const admin = await openPage(inside);
  await openSettings(admin.page, "Members");
  const link = await invite(admin.page, "Admin");
  const { page, complaints } = await join(link, "Bob", "bob@example.com");
  await page.goto(`${postil.url}/p/default/settings/account`);
  await page.getByLabel("Your name").waitFor();
  await look(page, "account");
  expect(await barriers(page)).toEqual([]);
  await page.getByText("Dark", { exact: true }).click();
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await page.getByText("As the system").click();
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  expect(complaints).toEqual([]);
  await page.getByLabel("Current password").fill("not this one");
  await page.getByLabel("New password").fill("another margin");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("This is not your current password.").waitFor();
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("Your password is changed").waitFor();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.getByLabel("E-mail").fill("bob@example.com");
  await page.getByLabel("Password").fill("another margin");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/traces/);
});

it("a page whose data cannot be had says so, and tries again", async () => {
  const { page } = await openPage(inside);
  let broken = true;
  await page.route("**/api/members", (route) =>
    broken
      ? route.fulfill({
          status: 403,
          contentType: "application/json",
          body: JSON.stringify({ message: "You cannot read here.", error: "forbidden", request_id: "req-7" }),
        })
      : route.continue(),
  );
  await page.goto(`${postil.url}/p/default/settings/members`);
  await page.getByRole("heading", { name: "You may not see this" }).waitFor();
  await page.getByText("You cannot read here.").waitFor();
  await look(page, "members-refused");
  expect(await barriers(page)).toEqual([]);
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("(you)").waitFor();
});
