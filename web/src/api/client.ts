import { ApiError, errorOf, unreachable } from "./error";

/** What every request of a signed-in person carries; set by `rememberSession`. */
let csrfToken = "";

export function rememberSession(token: string | undefined): void {
  csrfToken = token ?? "";
}

export interface Call {
  body?: unknown;
  /** A file as the body, as it is. */
  file?: Blob;
  /** The project the request speaks to. */
  project?: string | undefined;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
  /** Is sent even when the page is left meanwhile. */
  keepalive?: boolean;
}

type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

function address(path: string, query: Call["query"]): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** Sends one request; answers its JSON, or nothing when there is none. */
export async function send<T>(method: Method, path: string, call: Call = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (call.body !== undefined) headers["content-type"] = "application/json";
  if (call.project) headers["x-postil-project"] = call.project;
  if (method !== "GET" && csrfToken) headers["x-csrf-token"] = csrfToken;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (call.body !== undefined) init.body = JSON.stringify(call.body);
  if (call.file) init.body = call.file;
  if (call.signal) init.signal = call.signal;
  if (call.keepalive) init.keepalive = true;
  let response: Response;
  try {
    response = await fetch(address(path, call.query), init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable();
  }
  if (!response.ok) throw await errorOf(response);
  const body = await response.text();
  if (body === "") return undefined as T;
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new ApiError(response.status, "not_json", "The server's answer could not be read.", undefined, undefined);
  }
}

/** Told how many bytes of a file are there, again and again. */
export type OnBytes = (bytes: number) => void;

/** Fetches a file and hands it to the browser to keep: a plain link cannot name the project. */
export async function download(path: string, project: string, name: string, onBytes?: OnBytes): Promise<void> {
  const response = await fetch(path, { headers: { "x-postil-project": project }, credentials: "same-origin" });
  if (!response.ok) throw await errorOf(response);
  let bytes = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, controller) {
      bytes += piece.byteLength;
      onBytes?.(bytes);
      controller.enqueue(piece);
    },
  });
  const type = { headers: { "content-type": response.headers.get("content-type") ?? "" } };
  const address = URL.createObjectURL(await new Response(response.body?.pipeThrough(counted), type).blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Opens the event stream of a project, after the event with the id `last` if there is one. */
export async function openStream(project: string, last: string, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { accept: "text/event-stream", "x-postil-project": project };
  if (last) headers["last-event-id"] = last;
  const response = await fetch("/v3/events", { headers, credentials: "same-origin", cache: "no-store", signal });
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** A path whose parts are safe whatever they hold. */
export function path(strings: TemplateStringsArray, ...parts: string[]): string {
  return strings.reduce((whole, string, index) => whole + encodeURIComponent(parts[index - 1] ?? "") + string);
}
