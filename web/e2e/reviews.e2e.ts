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

const titles = (page: Page) => page.getByRole("list", { name: "Human reviews" }).getByRole("link").allTextContents();

async function openReviews(page: Page): Promise<void> {
  await page.goto(`${postil.url}/p/default/settings/human-reviews`);
  await page.getByRole("link", { name: "Rating" }).waitFor();
}

/** Takes something by its handle to the middle of something else. */
async function drag(page: Page, from: string, to: string): Promise<void> {
  const [start, end] = await Promise.all([
    page.getByRole("button", { name: from }).boundingBox(),
    page.getByRole("button", { name: to }).boundingBox(),
  ]);
  if (!start || !end) throw new Error("not on the screen");
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  const down = end.y > start.y ? 1 : -1;
  for (let y = start.y; down > 0 ? y < end.y + 14 : y > end.y - 2; y += 8 * down)
    await page.mouse.move(start.x + 4, y + start.height / 2);
  await page.mouse.up();
}

it("human reviews are put in order by dragging and by keyboard", async () => {
  const { page, complaints } = await openPage(inside);
  await openReviews(page);
  const before = await titles(page);
  expect(before.length).toBeGreaterThan(2);
  await drag(page, `Drag ${before[0]},`, `Drag ${before[2]},`);
  const dragged = [before[1], before[2], before[0], ...before.slice(3)];
  await expect.poll(() => titles(page)).toEqual(dragged);
  await page.reload();
  await expect.poll(() => titles(page)).toEqual(dragged);
  await page.getByRole("button", { name: `Drag ${before[0]},` }).focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => titles(page)).toEqual(before);
  // What is on its way may still be: the order is asked for anew until it has arrived.
  await expect
    .poll(
      async () => {
        await page.reload();
        await page
          .getByRole("button", { name: /^Drag / })
          .first()
          .waitFor();
        return titles(page);
      },
      { timeout: 20_000, interval: 500 },
    )
    .toEqual(before);
  expect(complaints).toEqual([]);
});

it("options are put in order, and what was not saved is there on return", async () => {
  const { page, complaints } = await openPage(inside);
  await openReviews(page);
  await page.getByRole("link", { name: "New human review" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("Tone");
  await page.getByLabel("Option 1: value").fill("warm");
  await page.getByLabel("Option 2: value").fill("cold");
  await page.getByRole("button", { name: "Add an option" }).click();
  await page.getByLabel("Option 3: value").fill("flat");
  const options = () =>
    page.getByLabel(/^Option \d: value$/).evaluateAll((all) => all.map((each) => (each as HTMLInputElement).value));
  await drag(page, "Drag option 1,", "Drag option 3,");
  await expect.poll(options).toEqual(["cold", "flat", "warm"]);
  await page.getByRole("button", { name: "Drag option 3," }).focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(options).toEqual(["cold", "warm", "flat"]);
  await page.getByRole("link", { name: "Traces" }).click();
  await page.waitForURL(/traces/);
  await page.goto(`${postil.url}/p/default/settings/human-reviews/new`);
  await page.getByText("What you wrote earlier is here; it is not saved yet.").waitFor();
  expect(await options()).toEqual(["cold", "warm", "flat"]);
  await look(page, "human-review-draft");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Discard it" }).click();
  expect(await page.getByRole("textbox", { name: "Title" }).inputValue()).toBe("");
  expect(await options()).toEqual(["", ""]);
  expect(complaints).toEqual([]);
});

it("a change says what it touches, and versions say what changed", async () => {
  await postil.send([1, 2].map((id) => otlpSpan(id, "answer", { "input.value": "Hello?", "output.value": "Hello." })));
  const { page, complaints } = await openPage(inside);
  await openReviews(page);
  await callAs(page, "POST", "/v2/human-evals", {
    type: "single_select",
    key: "tone",
    display_name: "Tone",
    description: "How it sounds.",
    options: ["warm", "cold"].map((value) => ({ value, sentiment: "neutral" })),
  });
  for (const id of ["1", "2"])
    await postil.call("POST", `/v2/traces/${id.padStart(32, "a")}/spans/${id.padStart(16, "b")}/annotation`, {
      annotations: [{ key: "tone", value: "cold" }],
    });
  await openReviews(page);
  await page.getByRole("link", { name: "Tone" }).click();
  await page.getByText("2 values use this option").waitFor();
  expect(await page.getByRole("textbox", { name: "Key" }).isDisabled()).toBe(true);
  await page.getByLabel("Option 1: value").fill("friendly");
  await page.getByRole("button", { name: "Remove option 2" }).click();
  await page.getByText("2 values use “cold”, which nobody can choose any more.").waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "This change touches what was said" });
  await dialog.getByText("2 values use “cold”").waitFor();
  await look(page, "human-review-touches");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save it anyway" }).click();
  await page.getByRole("link", { name: "Tone" }).click();
  const versions = page.getByRole("region", { name: "Versions" });
  await versions.getByText("options added: “friendly” · options removed: “warm”, “cold”").waitFor();
  await versions.getByText("first version").waitFor();
  await versions.scrollIntoViewIfNeeded();
  await look(page, "human-review-versions");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page
    .getByRole("region", { name: "Archived" })
    .getByRole("button", { name: /Bring back/ })
    .click();
  await page.getByRole("link", { name: "Tone" }).waitFor();
  expect(complaints).toEqual([]);
});
