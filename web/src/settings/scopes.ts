/** What an API key may do. */
export const SCOPES: { scope: string; label: string; may: string }[] = [
  { scope: "ingest", label: "Send traces", may: "What an application that emits traces needs." },
  { scope: "annotate", label: "Annotate", may: "Give feedback and corrections for people and machines." },
  { scope: "read", label: "Read", may: "Traces, annotations, logs, exports." },
  { scope: "admin", label: "Administer", may: "Everything an admin may: members, keys, human reviews." },
];

export const scopeLabel = (scope: string): string => SCOPES.find((one) => one.scope === scope)?.label ?? scope;

/** How long a key works. */
export const EXPIRIES = [
  { value: "", label: "Until it is revoked" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
];

export const inDays = (days: string, now: number = Date.now()): string | undefined =>
  days === "" ? undefined : new Date(now + Number(days) * 86_400_000).toISOString();
