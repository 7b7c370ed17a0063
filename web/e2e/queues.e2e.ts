import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  const calls = Array.from({ length: 60 }, (_, at) =>
    otlpSpan(at + 1, `answer ${at + 1}`, {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.input.messages": JSON.stringify([
        { role: "system", parts: [{ type: "text", content: "You help customers of a book shop." }] },
        { role: "user", parts: [{ type: "text", content: `Where is my order ${at + 1}?` }] },
      ]),
      "gen_ai.output.messages": JSON.stringify([
        {
          role: "assistant",
          parts: [{ type: "text", content: `Order ${at + 1} is **on its way** and arrives on Friday.` }],
        },
      ]),
    }),
  );
  await postil.send(calls);
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

async function queue(page: Page, name: string, first: number, size: number): Promise<string> {
  const { data } = (await callAs(page, "GET", "/v2/projects")) as { data: { project_id: string }[] };
  const reviews = (await callAs(page, "GET", "/v2/human-evals")) as { id: string; key: string }[];
  const made = (await callAs(page, "POST", "/v2/annotation-queues", {
    display_name: name,
    description: "d",
    project_id: data[0]?.project_id,
  })) as { _id: string };
  await callAs(page, "PATCH", `/v2/annotation-queues/${made._id}`, {
    human_review_ids: reviews.filter(({ key }) => ["rating", "defects"].includes(key)).map(({ id }) => id),
  });
  await callAs(page, "POST", `/v2/annotation-queues/${made._id}/items`, {
    items: Array.from({ length: size }, (_, at) => ({
      trace_id: (first + at).toString(16).padStart(32, "a"),
      span_id: (first + at).toString(16).padStart(16, "b"),
    })),
  });
  return made._id;
}

async function fake(page: Page, id: string) {
  await page.route(new RegExp(`/v3/queues/${id}$`), (route) =>
    route.fulfill({
      json: {
        id,
        display_name: "Triage",
        description: "Answers of the shop.",
        instructions: "# Read slowly\n\nJudge the **answer**, not the tone.",
        questions: [],
        overlap: 1,
        blind: true,
        lease_seconds: 300,
        order: { by: "oldest" },
        correction: "optional",
        open_to_all: true,
        reviewers: [],
        view: { attributes: ["gen_ai.request.model"] },
        created_at: "",
        updated_at: "",
        progress: {
          total: 5,
          completed: 0,
          in_review: 0,
          needs_others: 0,
          to_do: 5,
          orphaned: 0,
          answers: 0,
          mine: { submitted: 0, skipped: 0, declined: 0, left: 5 },
        },
        may_review: true,
      },
    }),
  );
}

it("dev", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/queues`);
  const id = await queue(page, "Triage", 1, 5);
  await fake(page, id);
  await page.goto(`${postil.url}/p/default/queues/${id}/review`);
  await page.getByRole("button", { name: /Start/ }).waitFor();
  await look(page, "review-start");
  await page.keyboard.press("Enter");
  await page.getByText("Where is my order").waitFor();
  await look(page, "review");
  console.info(await barriers(page));
  await page.keyboard.press("Control+Enter");
  await page.waitForTimeout(300);
  await page.screenshot({ path: "e2e/screenshots/dev-problem.png" });
  await page.keyboard.press("1");
  await page.keyboard.press("e");
  await page.waitForTimeout(100);
  await page.keyboard.type("Order 1 arrives on Monday. ");
  await page.waitForTimeout(100);
  await page.screenshot({ path: "e2e/screenshots/dev-correct.png" });
  await page.keyboard.press("Control+Enter");
  await page.waitForTimeout(500);
  await page.screenshot({ path: "e2e/screenshots/dev-second.png" });
  await page.keyboard.press("t");
  await page.waitForTimeout(500);
  await look(page, "review-trace");
  await page.keyboard.press("t");
  await page.keyboard.press("z");
  await page.waitForTimeout(500);
  await page.screenshot({ path: "e2e/screenshots/dev-undone.png" });
  await page.keyboard.press("Control+Enter");
  for (let at = 0; at < 4; at++) {
    await page.waitForTimeout(300);
    await page.keyboard.press("2");
    await page.keyboard.press("Enter");
  }
  await page.waitForTimeout(800);
  await look(page, "review-end");
  await page.keyboard.press("k");
  await page.waitForTimeout(800);
  await look(page, "review-back");
  console.info(complaints);
  expect(1).toBe(1);
});
