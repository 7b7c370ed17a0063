import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

const TRACE = "1".padStart(32, "a");
const HERE = `/v2/traces/${TRACE}/spans/${"1".padStart(16, "b")}/annotation`;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await postil.send([
    otlpSpan(1, "answer", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": "What is the capital of Australia?",
      "output.value": "Sydney.",
    }),
    otlpSpan(2, "other", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": "And of Canada?",
      "output.value": "- **Toronto**, I think.",
    }),
  ]);
  await postil.call("POST", HERE, {
    annotations: [{ key: "faithful", value: true, passed: true }],
    annotator: { kind: "llm", id: "judge" },
  });
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

const margin = (page: Page) => page.getByRole("region", { name: "Margin" });
const correction = (page: Page) => margin(page).getByRole("textbox", { name: "Correction" });

async function openTrace(page: Page): Promise<void> {
  await page.goto(`${postil.url}/p/default/traces/${TRACE}`);
  await correction(page).waitFor();
}

it("an answer given while the server cannot be reached is kept, and saved when it is back", async () => {
  const { page } = await openPage(inside);
  await openTrace(page);
  await page.context().setOffline(true);
  await correction(page).fill("Canberra.");
  await margin(page).getByText("Not saved").waitFor({ timeout: 20_000 });
  expect(await correction(page).inputValue()).toBe("Canberra.");
  await page.context().setOffline(false);
  await openTrace(page);
  expect(await correction(page).inputValue()).toBe("Canberra.");
  await correction(page).press("End");
  await page.keyboard.type(" Not Sydney.");
  await margin(page).getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await expect.poll(() => correction(page).inputValue()).toBe("Canberra. Not Sydney.");
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("postil.draft")))).toEqual(
    [],
  );
});

it("the correction of a verdict outlives a reload, and what was put aside comes back", async () => {
  const { page } = await openPage(inside);
  await openTrace(page);
  await margin(page).getByRole("button", { name: "Correct faithful" }).click();
  const form = page.getByRole("form", { name: "Correct faithful" });
  await form.getByRole("textbox", { name: /^Why/ }).fill("Sydney is not the capital.");
  await page.reload();
  const why = form.getByRole("textbox", { name: /^Why/ });
  await expect.poll(() => why.inputValue()).toBe("Sydney is not the capital.");
  await why.press("Escape");
  await form.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Bring it back" }).click();
  await expect.poll(() => why.inputValue()).toBe("Sydney is not the capital.");
  await form.getByRole("button", { name: "Cancel" }).click();
  await page.reload();
  await correction(page).waitFor();
  expect(await form.count()).toBe(0);
});

it("the correction of a log outlives a reload, and what was put aside comes back", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/logs`);
  await page.getByRole("link", { name: /And of Canada/ }).click();
  // What nobody corrected yet is read as it is meant, not as it is written.
  await page.getByRole("strong").filter({ hasText: "Toronto" }).waitFor();
  await page.getByRole("button", { name: "Add correction" }).click();
  const editor = page.getByRole("textbox", { name: "What should have been said" });
  await editor.fill("Ottawa, of course.");
  await page.reload();
  await expect.poll(() => editor.inputValue()).toBe("Ottawa, of course.");
  await page.getByRole("button", { name: "Cancel" }).click();
  await editor.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Bring it back" }).click();
  expect(await editor.inputValue()).toBe("Ottawa, of course.");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "Correction" }).first().waitFor();
  expect(complaints).toEqual([]);
});
