/** What went wrong, as it is shown. */
export interface Fault {
  status: number;
  message: string;
  requestId?: string | undefined;
  offline?: boolean;
}

/** Any thrown thing as a sentence; errors of the API are that already. */
export function faultOf(cause: unknown): Fault {
  if (cause instanceof Error && "status" in cause) return cause as Error & Fault;
  return { status: -1, message: cause instanceof Error ? cause.message : String(cause) };
}
