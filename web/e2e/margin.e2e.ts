import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

const TRACE = "1".padStart(32, "a");
const HERE = `/v2/traces/${TRACE}/spans/${"1".padStart(16, "b")}/annotation`;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  const calls = [1, 2, 3, 4].map((id) =>
    otlpSpan(id, `answer ${id}`, {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": "What is the capital of Australia?",
      "output.value": "Sydney.",
    }),
  );
  await postil.send(calls);
  await postil.call("POST", "/v2/identities", { external_id: "user_7", display_name: "Grace Hopper" });
  for (const value of ["good", "bad"])
    await postil.call(
      "POST",
      HERE,
      {
        annotations: [{ key: "rating", value, explanation: `I find it ${value}.` }],
        metadata: { identity_id: "user_7" },
      },
      { "user-agent": "support-app/2.1" },
    );
  await postil.call("POST", HERE, {
    annotations: [{ key: "rating", value: "good" }],
    metadata: { reviewer_id: "nobody-knows-this-reviewer-by-any-name", source: "zendesk" },
  });
  const judge = (key: string, value: unknown) =>
    postil.call("POST", HERE, {
      annotations: [{ key, value, explanation: "The capital is named.", passed: true }],
      annotator: { kind: "llm", id: "judge" },
    });
  await judge("faithful", true);
  await judge("relevance", 0.9);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const margin = (page: Page) => page.getByRole("region", { name: "Margin" });
const question = (page: Page, name: string) =>
  margin(page)
    .locator("[data-question]")
    .filter({ has: page.getByRole("heading", { name, exact: true }) });

async function openTrace(page: Page): Promise<void> {
  await page.goto(`${postil.url}/p/default/traces/${TRACE}`);
  await question(page, "Rating").waitFor();
}

it("the margin tells who said what, when, and with which client", async () => {
  const { page, complaints } = await openPage(inside);
  await openTrace(page);
  const said = question(page, "Rating").getByRole("list", { name: "Who said what: Rating" });
  await said.getByText("I find it bad.").waitFor();
  await said.getByRole("button", { name: /nobody-know.*good/ }).waitFor();
  const grace = said.getByRole("button", { name: /Grace Hopper.*bad/ });
  await grace.click();
  const history = said.getByRole("list", { name: "History" });
  await history.getByText("I find it good.").waitFor();
  await history
    .getByText(/sent by first start · through the API · with support-app 2\.1/)
    .first()
    .waitFor();
  await question(page, "Rating").getByRole("button", { name: "good" }).first().click();
  await said.getByRole("button", { name: /^You/ }).click();
  await said.getByText(/in the app · with Chrome/).waitFor();
  await look(page, "margin");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("tab", { name: "Judge" }).click();
  await said.getByRole("button", { name: /Grace Hopper.*bad/ }).click();
  await history.getByText("I find it good.").waitFor();
  await page.screenshot({ path: "e2e/screenshots/margin-judge-narrow.png" });
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(await barriers(page)).toEqual([]);
  await grace.click();
  await history.getByText("I find it good.").waitFor();
  await grace.click();
  expect(await grace.getAttribute("aria-expanded")).toBe("false");
  expect(complaints).toEqual([]);
});

it("a verdict is corrected with an explanation, corrected again and taken back", async () => {
  const { page, complaints } = await openPage(inside);
  await openTrace(page);
  const evaluators = margin(page).getByRole("region", { name: "Evaluators" });
  await evaluators.getByRole("button", { name: "Correct faithful" }).click();
  const form = evaluators.getByRole("form", { name: "Correct faithful" });
  expect(await form.getByRole("button", { name: "no", pressed: true }).count()).toBe(1);
  await form.getByLabel("Why (not needed)").fill("x".repeat(3001));
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("String value exceeds maximum length of 3000 characters.").waitFor();
  await form.getByLabel("Why (not needed)").fill("The capital is Canberra.");
  await look(page, "margin-correcting");
  expect(await barriers(page)).toEqual([]);
  await form.getByRole("button", { name: "Save" }).click();
  const corrections = evaluators.getByRole("list", { name: "Corrections of faithful" });
  await corrections.getByText("The capital is Canberra.").waitFor();
  await evaluators.getByRole("button", { name: "Correct relevance" }).click();
  const number = evaluators.getByRole("form", { name: "Correct relevance" });
  await number.getByLabel("It should have been").fill("a lot");
  await page.keyboard.press("Control+Enter");
  await number.getByText("Enter a number.").waitFor();
  await number.getByLabel("It should have been").fill("0.2");
  await page.keyboard.press("Control+Enter");
  await evaluators.getByRole("list", { name: "Corrections of relevance" }).getByText("0.2").waitFor();
  await look(page, "margin-corrected");
  expect(await barriers(page)).toEqual([]);
  await evaluators.getByRole("button", { name: "Take your correction of faithful back" }).click();
  await corrections.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

it("what is refused is said at the field, in the words of the guide", async () => {
  const { page } = await openPage(inside);
  await openTrace(page);
  await callAs(page, "POST", "/v2/human-evals", {
    type: "range",
    display_name: "Confidence",
    description: "How sure you are.",
    config: { min: 0, max: 10 },
  });
  await callAs(page, "POST", "/v2/human-evals", {
    type: "text",
    display_name: "Short note",
    description: "",
    config: { max_length: 20 },
  });
  await openTrace(page);
  const confidence = question(page, "Confidence");
  await confidence.getByRole("textbox").fill("15");
  await confidence.getByText("Value 15 is out of range [0, 10].").waitFor();
  await question(page, "Short note").getByRole("textbox").fill("x".repeat(21));
  await question(page, "Short note").getByText("String value exceeds maximum length of 20 characters.").waitFor();
  // What only the server knows is said there as well.
  await page.route("**/annotation", (route) =>
    route.request().method() === "POST"
      ? route.fulfill({
          status: 404,
          contentType: "application/json",
          body: JSON.stringify({ message: "Human review with key [rating] not found in this workspace.", error: "x" }),
        })
      : route.continue(),
  );
  const rating = question(page, "Rating");
  await rating.getByRole("button", { name: "bad" }).first().click();
  await rating.getByText("Not saved").waitFor();
  await rating.getByText(/Human review with key/).waitFor();
  await look(page, "margin-refused");
  expect(await barriers(page)).toEqual([]);
});

it("two quick presses are two steps, in the list and in an open trace", async () => {
  const { page } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  const links = page.getByRole("region", { name: "Traces" }).getByRole("link");
  await links.nth(3).waitFor();
  const hrefs = await links.evaluateAll((all) => all.map((each) => each.getAttribute("href") ?? ""));
  const trace = (at: number) => /traces\/([0-9a-f]+)/.exec(hrefs[at] ?? "")?.[1] ?? "";
  const press = (...keys: string[]) =>
    page.evaluate((all) => {
      for (const key of all) window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }, keys);
  await press("j", "j", "j");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.endsWith(trace(2)));
  await question(page, "Rating").waitFor();
  await press("k", "k");
  await page.waitForURL((url) => url.pathname.endsWith(trace(0)));
  await press("j", "j", "j");
  await page.waitForURL((url) => url.pathname.endsWith(trace(3)));
});
