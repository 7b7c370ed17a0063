import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;
let receiver: Server;
let address: string;
let status = 200;
const received: { body: string; signature: string; type: string }[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (some) => {
      body += some;
    });
    request.on("end", () => {
      const signature = String(request.headers["x-orq-signature"]);
      received.push({ body, signature, type: JSON.parse(body).type });
      response.writeHead(status, { "content-type": "text/plain" }).end("<b>thank you</b>");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks/postil`;
  [postil, browser] = await Promise.all([Postil.start("--webhook-networks", "127.0.0.1"), openBrowser()]);
  inside = await signIn(browser, postil);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop(), receiver?.close()]);
});

it("a webhook is made, told, watched, switched off and deleted", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/settings`);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Webhooks" }).click();
  await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
  await page.getByText("No webhooks yet").waitFor();
  await look(page, "webhooks-none");
  await page.getByRole("button", { name: "Make the first webhook" }).click();
  const form = page.getByRole("dialog", { name: "New webhook" });
  await form.getByRole("button", { name: "Create the webhook" }).click();
  await form.getByText("Give it a name: who is told.").waitFor();
  await form.getByLabel("Name").fill("Support dashboard of the night shift");
  await form.getByLabel("Address").fill("http://10.0.0.1/hook");
  await form.getByLabel("Another webhook is disabled").check();
  await form.getByRole("button", { name: "Create the webhook" }).click();
  await form.getByText("The address must be on the public internet").waitFor();
  await look(page, "webhook-form");
  expect(await barriers(page)).toEqual([]);
  // The browser tells of every answer that is an error.
  expect(complaints.splice(0).every((text) => text.includes("400"))).toBe(true);
  await form.getByLabel("Address").fill(address);
  await form.getByRole("button", { name: "Create the webhook" }).click();
  const secret = page.getByRole("region", { name: /^The secret of Support/ });
  await secret.waitFor();
  const key = (await secret.locator("code").textContent()) ?? "";
  await page.getByRole("button", { name: "Copy the secret" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await look(page, "webhook-secret");
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByText("nothing delivered yet").waitFor();

  await page.getByRole("button", { name: /^Test Support/ }).click();
  const list = page.getByRole("list", { name: "Webhooks" });
  await list.getByText("delivered", { exact: true }).waitFor();
  const [test] = received;
  expect(test?.type).toBe("webhook.test");
  expect(test?.signature).toBe(
    createHmac("sha256", key)
      .update(test?.body ?? "")
      .digest("hex"),
  );

  status = 500;
  await postil.send([
    {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      name: "answer",
      kind: 3,
      startTimeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
      endTimeUnixNano: String(BigInt(Date.now() + 100) * 1_000_000n),
      attributes: [],
    },
  ]);
  await postil.call("POST", `/v2/traces/${"a".repeat(32)}/spans/${"b".repeat(16)}/annotation`, {
    annotations: [{ key: "rating", value: "good" }],
  });
  await list.getByText("The last attempt failed").waitFor();
  await look(page, "webhooks");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: /^Log of Support/ }).click();
  const log = page.getByRole("dialog", { name: /^Deliveries to/ });
  await log.getByText("Somebody annotates").click();
  await log.getByText("The answer was 500.").waitFor();
  await log.getByText('"rating"').waitFor();
  await log.getByText("<b>thank you</b>").waitFor();
  await look(page, "webhook-log");
  expect(await barriers(page)).toEqual([]);
  status = 200;
  await log.getByLabel("Show").selectOption({ label: "Delivered" });
  await log.getByText("Test", { exact: true }).click();
  await log.getByRole("button", { name: "Deliver once more" }).click();
  await log
    .getByText(/once more/)
    .first()
    .waitFor();
  await expect.poll(() => received.filter(({ type }) => type === "webhook.test").length).toBe(2);
  await page.keyboard.press("Escape");
  await log.waitFor({ state: "hidden" });

  await page.getByRole("button", { name: /^More for Support/ }).click();
  await page.getByRole("menuitem", { name: "Switch off" }).click();
  await list.getByText("switched off").waitFor();
  await page.getByRole("button", { name: /^More for Support/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit webhook" });
  await edit.getByLabel("Name").fill("Dashboard");
  await edit.getByRole("button", { name: "Save" }).click();
  await list.getByText("Dashboard", { exact: true }).waitFor();
  await page.getByRole("button", { name: "More for Dashboard" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No webhooks yet").waitFor();
  expect(complaints).toEqual([]);
});
