import { CircleCheck, CircleDashed, OctagonAlert } from "lucide-react";

/** How something ended: an icon and a word, never colour alone. */
export function Status({ status, brief }: { status: string | undefined; brief?: boolean }) {
  if (status === "error") {
    return (
      <span className="inline-flex items-center gap-1 text-bad">
        <OctagonAlert size={14} aria-hidden />
        <span className={brief ? "sr-only" : undefined}>error</span>
      </span>
    );
  }
  if (status === undefined) return null;
  const Icon = status === "ok" ? CircleCheck : CircleDashed;
  return (
    <span className="inline-flex items-center gap-1 text-ink-3">
      <Icon size={14} aria-hidden />
      <span className={brief || status !== "ok" ? "sr-only" : undefined}>
        {status === "ok" ? "ok" : "no status was sent"}
      </span>
    </span>
  );
}
