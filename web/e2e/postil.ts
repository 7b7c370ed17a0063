import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const SCREENSHOTS = join(import.meta.dirname, "screenshots");
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The real program on a free port, with an empty database of its own. */
export class Postil {
  private constructor(
    readonly url: string,
    /** The one-time link that the first start prints. */
    readonly signInLink: string,
    readonly apiKey: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(...flags: string[]): Promise<Postil> {
    const given = process.env.POSTIL_BIN ?? process.env.POSTIL_BINARY;
    const program = given ?? resolve(import.meta.dirname, "../../target/debug/postil");
    if (!existsSync(program)) throw new Error(`${program} is missing: run 'cargo build'`);
    const folder = mkdtempSync(join(tmpdir(), "postil-e2e-"));
    const child = spawn(
      program,
      ["serve", "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--data", join(folder, "data"), ...flags],
      { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env.PATH, POSTIL_LOG_LEVEL: "warn" } },
    );
    let [url, link] = ["", ""];
    for await (const line of createInterface({ input: child.stdout })) {
      url = /^listening on (http:\S+)$/.exec(line)?.[1] ?? url;
      link = /^Sign in \(once\)\s+(\S+)$/.exec(line)?.[1] ?? link;
      const key = /^API key\s+(\S+)$/.exec(line)?.[1];
      if (key) {
        child.stdout.resume();
        return new Postil(url, link, key, child, folder);
      }
    }
    throw new Error("the server ended before it told its key");
  }

  /** Sends spans as an application does. */
  async send(spans: object[], key = this.apiKey): Promise<void> {
    const resourceSpans = [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "e2e" }, spans }] }];
    const response = await fetch(`${this.url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({ resourceSpans }),
    });
    if (!response.ok) throw new Error(`the spans were refused: ${await response.text()}`);
  }

  /** Calls the API as a program does. */
  async call(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${this.apiKey}`, ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was refused: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async stop(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A span of OTLP/JSON that began a little before now. */
export function otlpSpan(id: number, name: string, attributes: Record<string, string>, milliseconds = 100): object {
  const start = BigInt(Date.now() - 5000) * 1_000_000n;
  return {
    traceId: id.toString(16).padStart(32, "a"),
    spanId: id.toString(16).padStart(16, "b"),
    name,
    kind: 3,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(milliseconds) * 1_000_000n),
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  };
}

/** Chromium as the system brings it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.POSTIL_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
}

/** A browser of somebody who is signed in. */
export async function signIn(browser: Browser, postil: Postil): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(postil.signInLink);
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.waitForURL(/\/traces/);
  await page.close();
  return context;
}

/** Calls the API as the person who is signed in on a page. */
export async function callAs(page: Page, method: string, path: string, body?: unknown): Promise<unknown> {
  const { ok, text } = await page.evaluate(
    async ([method, path, body]) => {
      const me = await (await fetch("/api/me")).json();
      const headers = { "content-type": "application/json", "x-csrf-token": me.csrf_token };
      const response = await fetch(path, { method, headers, ...(body ? { body } : {}) });
      return { ok: response.ok, text: await response.text() };
    },
    [method, path, JSON.stringify(body) ?? ""] as const,
  );
  if (!ok) throw new Error(`${method} ${path} was refused: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** A page, and every complaint of the browser about it: exceptions, console errors, refused or failed requests. */
export async function openPage(from: Browser | BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  // Every page that is seen holds a stream open, and a browser has six connections for one server.
  const older = "pages" in from ? from.pages() : [];
  await Promise.all(older.slice(0, -2).map((page) => page.close()));
  const page = await from.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  return { page, complaints };
}

/** What axe finds on the page that keeps people out. */
export async function barriers(page: Page): Promise<string[]> {
  // The page forbids scripts that are not its own, so the checker comes in by the debugger.
  const source = await import("node:fs/promises").then((fs) => fs.readFile(AXE, "utf8"));
  await page.evaluate(source);
  return page.evaluate(async () => {
    interface Finding {
      id: string;
      impact: string;
      nodes: { target: string[]; failureSummary: string }[];
    }
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: Finding[] }> } };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary})`)
            .join(" | ")}`,
      );
  });
}

const LOOKS = [
  { name: "light", colorScheme: "light", width: 1440, height: 900 },
  { name: "dark", colorScheme: "dark", width: 1440, height: 900 },
  { name: "light-narrow", colorScheme: "light", width: 390, height: 844 },
  { name: "dark-narrow", colorScheme: "dark", width: 390, height: 844 },
] as const;

/** The page as it looks light and dark, wide and narrow, for people to look at; and whether it fits. */
export async function look(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  for (const { name: look, colorScheme, width, height } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height });
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${look}.png`) });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) throw new Error(`${name} is ${wide} wide on a screen of ${width}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
}
