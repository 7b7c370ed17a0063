import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await postil.send([1, 2, 3, 4].map((id) => otlpSpan(id, `conversation ${id}`, { "gen_ai.operation.name": "chat" })));
  const [trace, span] = ["1".padStart(32, "a"), "1".padStart(16, "b")];
  await postil.call("POST", `/v2/traces/${trace}/spans/${span}/annotation`, {
    annotations: [{ key: "rating", value: "good" }],
  });
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

it("a trace is deleted after it was said what goes with it, and others together", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces/${"1".padStart(32, "a")}`);
  await page.getByRole("heading", { level: 1, name: "conversation 1" }).waitFor();
  await page.getByRole("button", { name: "Delete the trace" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this trace?" });
  await dialog.getByText("With it go 1 span and 1 annotation.").waitFor();
  await look(page, "delete-trace");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("The trace is deleted").waitFor();
  await page.getByText("conversation 2").first().waitFor();
  await page.getByText("conversation 1").waitFor({ state: "detached" });

  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  const bar = page.getByRole("region", { name: "Selection" });
  await bar.getByText("2 selected").waitFor();
  await bar.getByRole("button", { name: "Delete", exact: true }).click();
  const many = page.getByRole("dialog", { name: "Delete 2 traces?" });
  await look(page, "delete-traces");
  await many.getByRole("button", { name: "Delete 2 traces" }).click();
  await page.getByText("2 traces deleted").waitFor();
  const found = (await postil.call("POST", "/v3/traces/search", {
    from: "2000-01-01T00:00:00Z",
    to: "2100-01-01T00:00:00Z",
  })) as { data: unknown[] };
  expect(found.data).toHaveLength(1);
  expect(complaints).toEqual([]);
});
