/** What the server said when it refused, in the words to show. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** The stable machine name, such as `span_not_found`. */
    readonly code: string,
    message: string,
    readonly requestId: string | undefined,
    /** The field of the request that is wrong. */
    readonly field: string | undefined,
  ) {
    super(message);
  }

  /** The server did not answer at all. */
  get offline(): boolean {
    return this.status === 0;
  }
}

interface ErrorBody {
  message?: unknown;
  error?: unknown;
  field?: unknown;
  request_id?: unknown;
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export async function errorOf(response: Response): Promise<ApiError> {
  const body: ErrorBody = await response.json().catch(() => ({}));
  const requestId = text(body.request_id) ?? response.headers.get("x-request-id") ?? undefined;
  const message = text(body.message) ?? `The server answered ${response.status} without saying why.`;
  return new ApiError(response.status, text(body.error) ?? "unknown", message, requestId, text(body.field));
}

export const unreachable = () =>
  new ApiError(0, "unreachable", "The server cannot be reached. What you typed is kept.", undefined, undefined);

/** Any thrown thing as an error with a sentence. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(-1, "app", message, undefined, undefined);
}
