import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, openPage, Postil, screenshot } from "./postil";

let postil: Postil;
let browser: Browser;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

it("the first page loads under the content security policy without a complaint", async () => {
  const { page, complaints } = await openPage(browser);
  const response = await page.goto(postil.url, { waitUntil: "networkidle" });
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'self'");
  await page.getByRole("heading", { level: 1, name: "Postil" }).waitFor();
  expect(await page.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${postil.url}`).count()).toBe(1);
  expect(complaints).toEqual([]);
  await screenshot(page, "start-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await screenshot(page, "start-dark");
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await screenshot(page, "start-narrow");
});

it("the policy really refuses what is not ours", async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(postil.url);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.hostile = true";
    document.body.append(script);
  });
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
  expect(complaints.join(" ")).toContain("Content Security Policy");
});
