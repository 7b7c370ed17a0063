import { ago, exact } from "./format";

/** How long ago, with the exact instant on hover. */
export function Time({ iso, className }: { iso: string; className?: string }) {
  return (
    <time dateTime={iso} title={exact(iso)} className={className}>
      {ago(iso)}
    </time>
  );
}
