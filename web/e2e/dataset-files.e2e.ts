import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext } from "playwright-core";
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

interface Point {
  _id: string;
  expected_output?: string;
  messages?: { content: string }[];
  inputs?: Record<string, string>;
}

const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
  (await postil.call(method, path, body)) as T;
const points = async (id: string) =>
  (await call<{ data: Point[] }>("GET", `/v2/datasets/${id}/datapoints?limit=200`)).data;

async function make(name: string, items: object[] = []): Promise<string> {
  const { _id } = await call<{ _id: string }>("POST", "/v2/datasets", { display_name: name });
  if (items.length > 0) await call("POST", `/v2/datasets/${_id}/datapoints`, items);
  return _id;
}

const asked = (question: string, expected: string) => ({
  messages: [{ role: "user", content: question }],
  expected_output: expected,
});

const open = async (id: string) => {
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/datasets/${id}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, complaints };
};

const BAD = [
  "Question,Ideal,city,when",
  '"Where is my order, please?",On its way.,Łódź,today',
  "Do you ship to Norway?,Yes,Oslo",
  "Who are you?,A shop.,,",
].join("\n");

it("a table is looked at, mended, mapped and imported", async () => {
  const id = await make("Imported");
  const { page, complaints } = await open(id);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Import into Imported" });
  await dialog.getByText("Nothing is stored before").waitFor();
  await look(page, "dataset-import-empty");
  const file = dialog.getByLabel("File to import");
  await file.setInputFiles({ name: "questions.csv", mimeType: "text/csv", buffer: Buffer.from(BAD) });
  await dialog.getByText("1 of 3 rows cannot be imported").waitFor();
  await dialog.getByText("This row has 3 fields; the head has 4.").waitFor();
  expect(await dialog.getByRole("button", { name: /^Import/ }).isDisabled()).toBe(true);
  await look(page, "dataset-import-errors");
  expect(await barriers(page)).toEqual([]);

  const good = BAD.replace("Yes,Oslo", "Yes,Oslo,");
  await file.setInputFiles({ name: "questions.csv", mimeType: "text/csv", buffer: Buffer.from(good) });
  await dialog.getByText("questions.csv: 3 rows").waitFor();
  const columns = dialog.getByRole("region", { name: "Columns" });
  expect(await columns.getByLabel("Question").inputValue()).toBe("messages.user");
  expect(await columns.getByLabel("Ideal").inputValue()).toBe("expected_output");
  await columns.getByLabel("when").selectOption({ label: "Left out" });
  await dialog.getByText("city: Łódź", { exact: true }).waitFor();
  await look(page, "dataset-import");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Import 3" }).click();
  await page.getByText("3 imported").waitFor();
  await page.getByRole("region", { name: "Datapoints" }).getByText("Where is my order, please?").waitFor();
  const [first] = await points(id);
  expect(first).toMatchObject({ inputs: { city: "Łódź" }, expected_output: "On its way." });

  await page.getByRole("button", { name: "Import", exact: true }).click();
  await file.setInputFiles({ name: "again.csv", mimeType: "text/csv", buffer: Buffer.from(good) });
  await dialog.getByLabel("when").selectOption({ label: "Left out" });
  await dialog.getByText("city: Łódź", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Import 3" }).click();
  await page.getByText("Nothing new; 3 were there already, or twice in the file").waitFor();
  expect(await points(id)).toHaveLength(3);
  expect(complaints).toEqual([]);
});

it("a snapshot is made, and says what changed since", async () => {
  const id = await make("Kept", [
    asked("Where is my order?", "It arrives on Sunday."),
    asked("Can I send it back?", "No."),
    asked("Do you ship to Norway?", "Yes."),
  ]);
  const { page, complaints } = await open(id);
  await page.getByRole("button", { name: "Snapshots" }).click();
  const dialog = page.getByRole("dialog", { name: "Snapshots of Kept" });
  await dialog.getByText("There is none yet").waitFor();
  await look(page, "dataset-snapshots-empty");
  await dialog.getByLabel("Name of the snapshot").fill("Release 1");
  await dialog.getByRole("button", { name: "Make a snapshot" }).click();
  await dialog.getByText("3 datapoints").waitFor();
  const [first, second] = await points(id);
  await call("PATCH", `/v2/datasets/${id}/datapoints/${first?._id}`, { expected_output: "It arrives on Friday." });
  await call("DELETE", `/v2/datasets/${id}/datapoints/${second?._id}`);
  await call("POST", `/v2/datasets/${id}/datapoints`, [asked("Who are you?", "A shop.")]);
  await dialog.getByRole("button", { name: "What changed since" }).click();
  const changes = dialog.getByRole("list", { name: "Changes" });
  await expect.poll(() => changes.getByRole("listitem").count()).toBe(3);
  await changes.getByText("removed").waitFor();
  expect(await changes.locator("del").textContent()).toContain("Sunday");
  await look(page, "dataset-diff");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByLabel("Name of the snapshot").fill("Release 1");
  await dialog.getByRole("button", { name: "Make a snapshot" }).click();
  await dialog.getByText("has a snapshot with the name").waitFor();
  await dialog.getByLabel("Name of the snapshot").fill("A mistake");
  await dialog.getByRole("button", { name: "Make a snapshot" }).click();
  const kept = dialog.getByRole("list", { name: "Snapshots" }).getByRole("listitem");
  await expect.poll(() => kept.count()).toBe(2);
  await look(page, "dataset-snapshots");
  await dialog.getByRole("button", { name: "Delete A mistake" }).click();
  await page.getByRole("button", { name: "Delete the snapshot" }).click();
  await expect.poll(() => kept.count()).toBe(1);
  await kept.getByText("Release 1").waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Export", exact: true }).click();
  const leaving = page.getByRole("dialog", { name: "Export Kept" });
  await leaving.getByRole("radio", { name: /Hugging Face folder/ }).check();
  await leaving.getByLabel("Its files hold").selectOption({ label: "Chat fine-tuning" });
  await leaving.getByLabel("State").selectOption({ label: "Release 1" });
  await look(page, "dataset-export-folder");
  expect(await barriers(page)).toEqual([]);
  const [folder] = await Promise.all([
    page.waitForEvent("download"),
    leaving.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(folder.suggestedFilename()).toBe("Kept-Release-1.zip");
  expect((await readFile(await folder.path())).subarray(0, 2).toString()).toBe("PK");
  // The browser notes the refused name; nothing else is wrong.
  expect(complaints.filter((text) => !text.includes("409"))).toEqual([]);
});

it("what is there more than once goes but for the first", async () => {
  const id = await make("Repeated", [
    asked("Where is my order?", "On its way."),
    asked("Where is my order?", "On its way."),
    asked("Who are you?", "A shop."),
    asked("Where is my order?", "On its way."),
  ]);
  const { page, complaints } = await open(id);
  await page.getByRole("button", { name: "More for Repeated" }).click();
  await page.getByRole("menuitem", { name: "Find duplicates" }).click();
  const dialog = page.getByRole("dialog", { name: "Duplicates in Repeated" });
  await dialog.getByText("3 times").waitFor();
  await look(page, "dataset-duplicates");
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Remove 2" }).click();
  await page.getByText("2 removed").waitFor();
  expect(await points(id)).toHaveLength(2);
  expect(complaints).toEqual([]);
});

it("all traces that match become datapoints in the background", async () => {
  const span = (at: number) =>
    otlpSpan(0x700001 + at, `call ${at}`, {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": `Question ${at}`,
      "output.value": `Answer ${at}`,
    });
  await postil.send(Array.from({ length: 120 }, (_, at) => span(at)));
  const id = await make("From the filter");
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/traces`);
  const traces = page.getByRole("region", { name: "Traces" });
  await traces.getByRole("link").nth(3).waitFor();
  await traces.getByRole("checkbox").first().click();
  await page.getByRole("button", { name: /Select all 120 that match/ }).click();
  await page.keyboard.press("d");
  const picker = page.getByRole("dialog", { name: "Add 120 traces to a dataset" });
  await picker.getByRole("button", { name: /^From the filter/ }).click();
  await page.getByText("They are being added to From the filter").waitFor();
  await expect
    .poll(async () => (await call<{ metadata: { datapoints_count: number } }>("GET", `/v2/datasets/${id}`)).metadata, {
      timeout: 20_000,
    })
    .toMatchObject({ datapoints_count: 120 });
  await page.getByText("120 traces added to the dataset").waitFor();
  expect(complaints).toEqual([]);
});

it("the item that is reviewed is added with one key, and the reviewing goes on", async () => {
  const at = 0x710001;
  await postil.send([
    otlpSpan(at, "order", {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "gpt-4o",
      "input.value": "Where is my parcel?",
      "output.value": "On its way.",
    }),
  ]);
  const id = await make("From reviews");
  const { page, complaints } = await openPage(inside);
  await page.goto(`${postil.url}/p/default/queues`);
  const trace_id = at.toString(16).padStart(32, "a");
  const queue = (await callAs(page, "POST", "/v3/queues", { display_name: "Parcels" })) as { id: string };
  await callAs(page, "POST", `/v3/queues/${queue.id}/items`, {
    items: [{ trace_id, span_id: at.toString(16).padStart(16, "b") }],
  });
  await page.goto(`${postil.url}/p/default/queues/${queue.id}/review?go=true`);
  await page.getByRole("region", { name: "What is judged" }).getByText("On its way.").first().waitFor();
  await look(page, "review-to-dataset");
  await page.keyboard.press("d");
  const picker = page.getByRole("dialog", { name: "Add this item to a dataset" });
  await picker.getByRole("button", { name: /^From reviews/ }).click();
  await page.getByText("1 added to From reviews").waitFor();
  await page.getByRole("region", { name: "Questions" }).waitFor();
  const [added] = (await call<{ data: { origin?: object }[] }>("GET", `/v2/datasets/${id}/datapoints`)).data;
  expect(added?.origin).toMatchObject({ trace_id, answer: "On its way." });
  expect(Object.keys(added?.origin ?? {})).toContain("queue_item_id");
  expect(complaints).toEqual([]);
});
