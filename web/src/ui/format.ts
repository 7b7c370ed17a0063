/** Numbers, money and times as people read them. */

export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return "";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(value);

export function tokens(value: number | undefined): string {
  if (value === undefined) return "";
  return value < 10_000 ? whole.format(value) : short.format(value);
}

export function money(value: number | undefined, currency = "USD"): string {
  if (value === undefined) return "";
  if (value === 0)
    return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 }).format(0);
  const digits = value >= 0.1 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 2 };
  return new Intl.NumberFormat("en", { style: "currency", currency, ...digits }).format(value);
}

/** How large a file is. */
export function fileSize(bytes: number): string {
  if (bytes < 1e6) return `${whole.format(Math.ceil(bytes / 1000))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

export function ago(iso: string, now: number = Date.now()): string {
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 0) return "in a moment";
  if (seconds < 45) return "just now";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 36) return `${hours} h ago`;
  const days = Math.round(hours / 24);
  if (days < 14) return `${days} d ago`;
  return new Date(iso).toLocaleDateString("en", { year: "numeric", month: "short", day: "numeric" });
}

export function exact(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleString("en", { dateStyle: "medium", timeStyle: "long" });
}

/** One line of a text, for a list. */
export const oneLine = (text: string | undefined): string =>
  (text ?? "")
    .slice(0, 600)
    // The marks of Markdown say nothing in one line.
    .replace(/^\s*(#{1,6}|>|[-*]|\|[-:| ]+\|$)\s/gm, "")
    .replace(/\*\*|__|`+|\|[-: |]{3,}\|/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** A model without the date of its version. */
export const shortModel = (model: string | undefined): string =>
  (model ?? "").replace(/-(\d{4}-\d{2}-\d{2}|\d{8})$/, "");

/** A name inside a sentence, whichever way it is written. */
export const named = (name: string): string => `“\u2068${name}\u2069”`;

export const words = (text: string): number => text.trim().split(/\s+/).filter(Boolean).length;
