import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Browser, chromium, type Page } from "playwright-core";

const SCREENSHOTS = join(import.meta.dirname, "screenshots");

/** The real program on a free port, with an empty database of its own. */
export class Postil {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(...flags: string[]): Promise<Postil> {
    const program = process.env.POSTIL_BINARY ?? resolve(import.meta.dirname, "../../target/debug/postil");
    if (!existsSync(program)) throw new Error(`${program} is missing: run 'cargo build'`);
    const folder = mkdtempSync(join(tmpdir(), "postil-e2e-"));
    const child = spawn(
      program,
      ["serve", "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--data", join(folder, "data"), ...flags],
      { stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env.PATH, POSTIL_LOG_LEVEL: "warn" } },
    );
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^listening on (http:\S+)$/.exec(line)?.[1];
      if (url) {
        child.stdout.resume();
        return new Postil(url, child, folder);
      }
    }
    throw new Error("the server ended before it listened");
  }

  async stop(): Promise<void> {
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Chromium as the system brings it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.POSTIL_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
}

/** A page, and every complaint of the browser about it: exceptions, console errors, refused or failed requests. */
export async function openPage(browser: Browser): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  return { page, complaints };
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
