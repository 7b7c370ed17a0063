import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Download, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { barriers, callAs, look, openBrowser, openPage, otlpSpan, Postil, signIn } from "./postil";

let postil: Postil;
let browser: Browser;
let inside: BrowserContext;

const LONG = `Cases of the night shift that somebody corrected, to be used in the next release ${"and after it ".repeat(3)}`;
const traceId = (id: number) => id.toString(16).padStart(32, "a");
const spanId = (id: number) => id.toString(16).padStart(16, "b");
const FIRST = 0x500001;

/** One model call each; the second is corrected, the third is rated. */
async function fill(): Promise<void> {
  const spans = Array.from({ length: 12 }, (_, at) =>
    otlpSpan(FIRST + at, `support ${at + 1}`, {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": `Where is my order ${at + 1}, and when does it arrive?`,
      "output.value": `Your order ${at + 1} is on its way and arrives on Sunday.`,
    }),
  );
  await postil.send(spans);
  const say = (id: number, key: string, value: string) =>
    postil.call("POST", `/v2/traces/${traceId(id)}/spans/${spanId(id)}/annotation`, { annotations: [{ key, value }] });
  const reviews = (await postil.call("GET", "/v2/human-evals", undefined)) as { key: string; type: string }[];
  const correction = reviews.find(({ type }) => type === "correction")?.key ?? "correction";
  await say(FIRST + 1, correction, "Your order 2 is on its way and arrives on Friday.");
  await say(FIRST + 2, "rating", "good");
}

beforeAll(async () => {
  [postil, browser] = await Promise.all([Postil.start(), openBrowser()]);
  inside = await signIn(browser, postil);
  await fill();
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), postil?.stop()]);
});

interface Listed<T> {
  data: T[];
}
interface Stored {
  _id: string;
  display_name: string;
  path?: string;
  metadata: { datapoints_count: number };
}
interface Point {
  _id: string;
  messages?: { role: string; content?: unknown }[];
  inputs?: Record<string, unknown>;
  expected_output?: string;
  origin?: { trace_id: string; answer?: string };
  evaluations?: unknown[];
}

const get = async <T>(path: string): Promise<T> => (await postil.call("GET", path, undefined)) as T;
const stored = async (name: string) =>
  (await get<Listed<Stored>>("/v2/datasets?limit=200")).data.find(({ display_name }) => display_name === name);
const points = async (id: string) => (await get<Listed<Point>>(`/v2/datasets/${id}/datapoints?limit=200`)).data;

async function make(name: string, items: object[] = []): Promise<string> {
  const { _id } = (await postil.call("POST", "/v2/datasets", { display_name: name })) as Stored;
  if (items.length > 0) await postil.call("POST", `/v2/datasets/${_id}/datapoints`, items);
  return _id;
}

async function open(page: Page, dataset = "", search = ""): Promise<void> {
  await page.goto(`${postil.url}/p/default/datasets${dataset && `/${dataset}`}${search}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
}

const textOf = async (download: Download) => readFile(await download.path(), "utf8");

it("the first dataset is made from the empty page, renamed, moved, found and deleted", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Datasets" }).click();
  await page.getByRole("heading", { name: "No dataset yet" }).waitFor();
  await look(page, "datasets-empty");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "New dataset" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New dataset" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Give it a name").waitFor();
  await dialog.getByLabel("Name").fill("Refund questions");
  await dialog.getByLabel("Folder (not needed)").fill("support/2026");
  await look(page, "dataset-form");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { level: 1, name: "Refund questions" }).waitFor();
  await page.getByText("Nothing in it yet").waitFor();
  await look(page, "dataset-empty");
  expect(await barriers(page)).toEqual([]);
  expect((await stored("Refund questions"))?.path).toBe("support/2026");

  await make(LONG.trim().slice(0, 120), [{ expected_output: "Yes." }]);
  await open(page);
  const list = page.getByRole("list", { name: "Datasets" });
  await list.getByText("support / 2026").waitFor();
  await look(page, "datasets");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("searchbox", { name: "Find a dataset" }).fill("REFUND");
  await expect.poll(() => list.getByRole("listitem").count()).toBe(1);
  await list.getByRole("button", { name: "More for Refund questions" }).click();
  await page.getByRole("menuitem", { name: "Rename or move" }).click();
  const form = page.getByRole("dialog", { name: "Rename or move the dataset" });
  await form.getByLabel("Name").fill("Refunds");
  await form.getByLabel("Folder (not needed)").fill("");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("searchbox", { name: "Find a dataset" }).fill("refunds");
  await list.getByRole("link", { name: "Refunds" }).waitFor();
  expect((await stored("Refunds"))?.path).toBeUndefined();
  await list.getByRole("button", { name: "More for Refunds" }).click();
  await page.getByRole("menuitem", { name: "Delete the dataset" }).click();
  const sure = page.getByRole("dialog", { name: "Delete Refunds?" });
  await look(page, "dataset-delete");
  await sure.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No dataset has this name").waitFor();
  expect(await stored("Refunds")).toBeUndefined();
  expect(complaints).toEqual([]);
});

it("selected traces, a span and a log are added by key, the correction as the expected output", async () => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  const traces = page.getByRole("region", { name: "Traces" });
  await traces.getByRole("link").nth(3).waitFor();
  for (const at of [3, 4, 5]) await traces.getByRole("checkbox").nth(at).click();
  await page.keyboard.press("d");
  const picker = page.getByRole("dialog", { name: "Add 3 traces to a dataset" });
  await picker.getByRole("textbox").fill("Order questions");
  await picker.getByRole("button", { name: "New dataset Order questions" }).waitFor();
  await look(page, "dataset-picker");
  expect(await barriers(page)).toEqual([]);
  await picker.getByRole("button", { name: "New dataset Order questions" }).click();
  await page.getByText("3 added to Order questions").waitFor();
  const id = (await stored("Order questions"))?._id ?? "";
  expect(await points(id)).toHaveLength(3);

  await page.goto(`${postil.url}/p/default/traces/${traceId(FIRST + 1)}?range=all`);
  await page.getByRole("button", { name: "Add to a dataset" }).waitFor();
  await page.getByText("Your order 2 is on its way").first().waitFor();
  await page.keyboard.press("d");
  const one = page.getByRole("dialog", { name: "Add this span to a dataset" });
  await one.waitFor();
  await page.keyboard.press("Escape");
  await one.waitFor({ state: "hidden" });
  await look(page, "trace-to-dataset");
  await page.keyboard.press("d");
  await one.getByRole("textbox").fill("order q");
  await expect.poll(() => one.getByRole("listitem").count()).toBe(2);
  await one.getByRole("textbox").press("Enter");
  await page.getByText("1 added to Order questions").waitFor();
  const corrected = (await points(id)).find(({ origin }) => origin?.trace_id === traceId(FIRST + 1));
  expect(corrected?.expected_output).toContain("Friday");
  expect(corrected?.origin?.answer).toContain("Sunday");

  await page.goto(`${postil.url}/p/default/logs`);
  await page.getByRole("region", { name: "Logs" }).getByRole("link").first().click();
  await page.getByRole("button", { name: "Add to dataset" }).waitFor();
  await look(page, "log-to-dataset");
  await page.getByRole("button", { name: "Add to dataset" }).click();
  const log = page.getByRole("dialog", { name: "Add this log to a dataset" });
  await log.getByRole("button", { name: /^Order questions/ }).click();
  await page.getByText("1 added to Order questions").waitFor();
  await page.getByRole("button", { name: "Add to dataset" }).click();
  await log.getByRole("button", { name: /^Order questions/ }).click();
  await page.getByText("Nothing new in Order questions. It is there already").waitFor();
  await page.getByRole("button", { name: "Open it" }).last().click();
  await page.getByRole("heading", { level: 1, name: "Order questions" }).waitFor();
  await page.getByText("5 datapoints").waitFor();
  await page.getByText("corrected").first().waitFor();
  await look(page, "dataset");
  expect(await barriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

const IMAGE = {
  type: "image_url",
  image_url: { url: "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" },
};

/** A dataset of three spans, the first of them corrected, and of a question with a picture. */
async function mixed(name: string): Promise<string> {
  const id = await make(name);
  await postil.call("POST", `/v3/datasets/${id}/spans`, {
    items: [1, 2, 0].map((at) => ({ trace_id: traceId(FIRST + at) })),
  });
  const content = [{ type: "text", text: "What is on this photo?" }, IMAGE];
  await postil.call("POST", `/v2/datasets/${id}/datapoints`, [
    {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content },
      ],
      inputs: { city: "Berlin", tries: 2 },
    },
  ]);
  return id;
}

it("a datapoint is edited beside what was said, kept as a draft, and saved", async () => {
  const id = await mixed("To edit");
  const { page, complaints } = await openPage(inside);
  await open(page, id);
  const table = page.getByRole("region", { name: "Datapoints" });
  await table.getByRole("link", { name: /^Datapoint 1 / }).click();
  await page.getByText("Changed from what was answered").waitFor();
  await look(page, "datapoint-corrected");
  expect(await barriers(page)).toEqual([]);

  await page.keyboard.press("j");
  await page.getByText("2 of 4").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.getByText("4 of 4").waitFor();
  await page.getByRole("textbox", { name: "Text of message 2" }).fill("What does this photo show?");
  await page.getByRole("textbox", { name: "Value of tries" }).fill("3");
  await page.getByRole("textbox", { name: "Expected output" }).fill("A parcel.");
  await page.reload();
  await page.getByText("Not saved yet; kept in this browser.").waitFor();
  expect(await page.getByRole("textbox", { name: "Text of message 2" }).inputValue()).toBe(
    "What does this photo show?",
  );
  await look(page, "datapoint-draft");
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Undo the changes" }).click();
  expect(await page.getByRole("textbox", { name: "Expected output" }).inputValue()).toBe("");
  await page.getByRole("button", { name: "Bring it back" }).click();
  await page.getByRole("textbox", { name: "Expected output" }).press("Control+Enter");
  await page.getByText("Saved", { exact: true }).waitFor();
  const last = (await points(id)).at(-1);
  expect(last).toMatchObject({ inputs: { city: "Berlin", tries: 3 }, expected_output: "A parcel." });
  expect(last?.messages?.[1]?.content).toEqual([{ type: "text", text: "What does this photo show?" }, IMAGE]);

  await page.getByRole("button", { name: "Add an input" }).click();
  await page.getByRole("textbox", { name: "Name of input 3" }).fill("city");
  await page.getByText("Two inputs have the name “city”.").waitFor();
  await page.getByRole("button", { name: "Undo the changes" }).click();
  expect(complaints).toEqual([]);
});

it("a datapoint is deleted with a way back, and one is written by hand", async () => {
  const id = await mixed("To delete");
  const { page, complaints } = await openPage(inside);
  await open(page, id);
  const table = page.getByRole("region", { name: "Datapoints" });
  await table.getByRole("link", { name: /^Datapoint 4 / }).click();
  await page.getByText("4 of 4").waitFor();
  await page.getByRole("button", { name: "Delete this datapoint" }).click();
  await page.getByText("3 of 3").waitFor();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect.poll(() => table.getByRole("link", { name: /^Datapoint/ }).count()).toBe(4);
  await page.getByRole("button", { name: "Delete this datapoint" }).click();
  await expect.poll(() => table.getByRole("link", { name: /^Datapoint/ }).count()).toBe(3);
  await page.keyboard.press("Escape");
  // What looks at the whole of it does not wait for the time to undo.
  expect(await points(id)).toHaveLength(4);
  await page.getByRole("button", { name: "Snapshots" }).click();
  await expect.poll(async () => (await points(id)).length).toBe(3);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "All datasets" }).click();
  await expect.poll(async () => (await points(id)).length).toBe(3);

  await open(page, id);
  await page.getByRole("heading", { level: 1, name: "To delete" }).waitFor();
  await page.keyboard.press("n");
  await page.getByRole("textbox", { name: "Text of message 1" }).fill("Do you ship to Norway?");
  await page.getByRole("textbox", { name: "Expected output" }).fill("Yes, in five days.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("4 of 4").waitFor();
  await expect.poll(async () => (await points(id)).at(-1)?.expected_output).toBe("Yes, in five days.");
  expect(complaints).toEqual([]);
});

it("datapoints are judged in a queue: all of a dataset from its menu, one by key", async () => {
  const made = (await postil.call("POST", "/v2/datasets", { display_name: "To be judged" })) as Stored;
  await postil.call(
    "POST",
    `/v2/datasets/${made._id}/datapoints`,
    ["Łódź", "Gdańsk"].map((city) => ({
      messages: [{ role: "user", content: `How far is ${city}?` }],
      expected_output: `${city} is two hours away.`,
    })),
  );
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/datasets/${made._id}`);
  const queue = (await callAs(page, "POST", "/v3/queues", { display_name: "Is it right?" })) as { id: string };
  await page.getByText("How far is Gdańsk?").waitFor();
  await page.getByRole("button", { name: "More for To be judged" }).click();
  await page.getByRole("menuitem", { name: "Add all to a queue" }).click();
  const dialog = page.getByRole("dialog", { name: "Add 2 datapoints to a queue" });
  await dialog.getByRole("button", { name: /Is it right/ }).click();
  await page.getByText("2 added to Is it right?").waitFor();
  await dialog.waitFor({ state: "hidden" });
  await page.keyboard.press("j");
  await page.keyboard.press("q");
  const one = page.getByRole("dialog", { name: "Add this datapoint to a queue" });
  await one.getByRole("button", { name: /Is it right/ }).click();
  await page.getByText("Nothing new in Is it right?; 1 was there already").waitFor();
  await page.goto(`${postil.url}/p/default/queues/${queue.id}/review`);
  await page
    .getByRole("button", { name: /^Start/ })
    .first()
    .click();
  await page.getByText("How far is Łódź?").waitFor();
  await page.getByText("Łódź is two hours away.").waitFor();
  expect(complaints).toEqual([]);
});

it("what others put into datasets appears by itself", async () => {
  const { page, complaints } = await openPage(inside);
  await open(page);
  const id = await make("Made elsewhere");
  await page.getByRole("link", { name: "Made elsewhere" }).click();
  await page.getByRole("heading", { level: 1, name: "Made elsewhere" }).waitFor();
  const datapoint = { inputs: { question: "Who wrote this one?" }, expected_output: "A program." };
  await postil.call("POST", `/v2/datasets/${id}/datapoints`, [datapoint]);
  await page.getByText("A program.").first().waitFor();
  const [point] = await points(id);
  await postil.call("PATCH", `/v2/datasets/${id}/datapoints/${point?._id}`, { expected_output: "Another program." });
  await page.getByText("Another program.").first().waitFor();
  await postil.call("DELETE", `/v2/datasets/${id}/datapoints/${point?._id}`, undefined);
  await page.getByText("Another program.").first().waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

it("a long dataset is read page by page as somebody scrolls", async () => {
  const items = Array.from({ length: 300 }, (_, at) => ({
    messages: [{ role: "user", content: `Question ${at + 1}` }],
    expected_output: `Answer ${at + 1}`,
  }));
  const id = await make("Long", items);
  const { page, complaints } = await openPage(inside);
  await open(page, id);
  const table = page.getByRole("region", { name: "Datapoints" });
  await table.getByRole("link", { name: /^Datapoint 1 Question 1 / }).waitFor();
  await expect
    .poll(
      async () => {
        await table.evaluate((region) => region.scrollTo(0, region.scrollHeight));
        return table.getByRole("link", { name: /^Datapoint 300 / }).count();
      },
      { timeout: 15_000 },
    )
    .toBe(1);
  expect(await table.getByRole("link", { name: /^Datapoint/ }).count()).toBeLessThan(120);
  await page.getByText("300 datapoints").waitFor();
  expect(complaints).toEqual([]);
});

it("a dataset leaves in the format that is chosen, split for testing; annotations leave as CSV", async () => {
  const id = await make("To export");
  await postil.call("POST", `/v3/datasets/${id}/spans`, {
    items: [0, 1, 2].map((at) => ({ trace_id: traceId(FIRST + at) })),
  });
  const { page, complaints } = await openPage(inside);
  await open(page, id);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Export To export" });
  await dialog.getByRole("radio", { name: /Preference pairs/ }).check();
  await look(page, "dataset-export");
  expect(await barriers(page)).toEqual([]);
  const [pairs] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(pairs.suggestedFilename()).toBe("To-export.dpo.jsonl");
  const lines = (await textOf(pairs)).trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "").chosen[0].content).toContain("Friday");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await dialog.getByLabel("Per cent for testing").fill("101");
  expect(await dialog.getByRole("button", { name: "Download" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Per cent for testing").fill("100");
  await dialog.getByLabel("Part", { exact: true }).selectOption({ label: "For training" });
  const [rest] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(await textOf(rest)).toBe("");

  await page.goto(`${postil.url}/p/default/settings/human-reviews`);
  await page.getByRole("button", { name: "Export annotations" }).click();
  const said = page.getByRole("dialog", { name: "Export annotations" });
  await said.getByLabel("Human review").selectOption("rating");
  await said.getByLabel("Said or changed in").selectOption({ label: "The last 7 days" });
  await look(page, "annotations-export");
  expect(await barriers(page)).toEqual([]);
  const [annotations] = await Promise.all([
    page.waitForEvent("download"),
    said.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(annotations.suggestedFilename()).toBe("annotations-rating.csv");
  expect((await textOf(annotations)).trim().split("\r\n")).toHaveLength(2);
  expect(complaints).toEqual([]);
});
