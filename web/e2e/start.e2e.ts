import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

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

it("somebody who is not signed in is led to the door, under the content security policy", async () => {
  const { page } = await openPage(browser);
  const response = await page.goto(postil.url);
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'self'");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await look(page, "sign-in");
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByLabel("Password").fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
});

it("a link that was used says so", async () => {
  const { page } = await openPage(browser);
  await page.goto(postil.signInLink);
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.getByText("This link does not exist, was used, or has expired.").waitFor();
});

it("the policy refuses what is not ours", async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${postil.url}/sign-in`);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.hostile = true";
    document.body.append(script);
  });
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
  expect(complaints.join(" ")).toContain("Content Security Policy");
});

it("the first run shows the lines to paste, and comes alive with the first span", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(postil.url);
  await page.getByText(`export OTEL_EXPORTER_OTLP_ENDPOINT=${postil.url}`).waitFor();
  await look(page, "first-run");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByText("The key stands in the lines.").waitFor();
  await look(page, "first-run-key");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Copy the lines" }).click();
  const lines = await page.evaluate(() => navigator.clipboard.readText());
  const key = /Bearer%20(sk-[\w-]+)/.exec(lines)?.[1];
  expect(key, lines).toBeDefined();
  expect(key).not.toBe(postil.apiKey);
  await postil.send([otlpSpan(1, "first-call", { "input.value": "Is anybody there?", "output.value": "Yes." })], key);
  await page.getByRole("link", { name: /first-call/ }).waitFor();
  expect(complaints).toEqual([]);
});

it("an image and a recording are shown in place, what could run is a file to save", async () => {
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const wav = Buffer.alloc(44 + 8000);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + 8000, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(8000, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(8000, 40);
  const svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>window.hostile = 6</script></svg>";
  const content = [
    { type: "text", content: `What is this? ![drawn](data:image/png;base64,${pixel})` },
    { type: "blob", mime_type: "image/png", modality: "image", content: pixel },
    { type: "blob", mime_type: "audio/wav", modality: "audio", content: wav.toString("base64") },
    { type: "blob", mime_type: "image/svg+xml", modality: "image", content: btoa(svg) },
    { type: "image_url", image_url: { url: `data:image/svg+xml;base64,${btoa(svg)}` } },
  ];
  await postil.send([
    otlpSpan(3, "look", {
      "gen_ai.operation.name": "chat",
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: content }]),
    }),
  ]);
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces/${"3".padStart(32, "a")}`);
  for (const name of ["Image of the conversation", "drawn"]) {
    const image = page.getByRole("img", { name, exact: true }).first();
    await image.scrollIntoViewIfNeeded();
    await image.evaluate((element) => (element as HTMLImageElement).decode());
    expect(await image.getAttribute("src")).toMatch(/^\/v3\/media\/[0-9a-f]{64}\?project_id=/);
  }
  const audio = page.locator("audio");
  await page.waitForFunction(() => (document.querySelector("audio")?.duration ?? 0) === 1);
  expect(await audio.getAttribute("aria-label")).toBe("Recording of the conversation");
  const file = page.getByRole("link", { name: /image\/svg\+xml/ }).first();
  expect(await file.getAttribute("download")).not.toBeNull();
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
  expect(await barriers(page)).toEqual([]);
  await look(page, "media");
  expect(complaints).toEqual([]);
});

it("a hostile trace executes nothing, fetches nothing and stays readable", async () => {
  const evil = [
    "<script>window.hostile = 1</script><img src=x onerror='window.hostile = 2'>",
    "[run me](javascript:window.hostile=3) [data](data:text/html,<script>window.hostile=4</script>) [home](https://example.com/a)",
    "![tracker](https://tracker.example/pixel.png) <svg onload='window.hostile=5'></svg>",
    "\u202Egnp.exe\u202C ".repeat(20),
    `${"x".repeat(50_000)}`,
    "# heading **bold** `code`\n".repeat(40_000),
  ].join("\n\n");
  const message = JSON.stringify([{ role: "user", parts: [{ type: "text", content: evil }] }]);
  await postil.send([
    otlpSpan(2, "<img src=x onerror=alert(1)>", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "<b>model</b>",
      "gen_ai.input.messages": message,
      "gen_ai.output.messages": message,
    }),
  ]);
  const { page, complaints } = await openPage(inside);
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(postil.url) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  await page.goto(`${postil.url}/p/default/traces/${"2".padStart(32, "a")}`);
  await page.getByRole("button", { name: "run me" }).first().click();
  await page.getByText("This address is not opened: javascript:window.hostile=3").waitFor();
  await page.getByRole("button", { name: "home" }).first().click();
  expect(await page.getByRole("link", { name: /Open/ }).first().getAttribute("rel")).toContain("noopener");
  await page.getByText("tracker.example/pixel.png").first().waitFor();
  // All of a megabyte: the page still answers.
  const answers = await page.evaluate(async () => {
    const buttons = [...document.querySelectorAll("button")];
    const begun = performance.now();
    buttons.find((button) => /^Show all [\d,]+ characters/.test(button.textContent ?? ""))?.click();
    for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
  });
  console.info(`a megabyte of Markdown is shown: ${answers.toFixed(0)} ms`);
  expect(answers).toBeLessThan(2000);
  expect(await page.getByRole("button", { name: /^Show all [\d,]+ characters/ }).count()).toBe(1);
  await page.getByRole("tab", { name: "Attributes" }).click();
  await page.getByRole("tab", { name: "Raw" }).click();
  await page.getByRole("tab", { name: "Conversation" }).click();
  expect(await page.evaluate(() => "hostile" in window)).toBe(false);
  expect(foreign).toEqual([]);
  expect(complaints).toEqual([]);
});
