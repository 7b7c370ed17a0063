import type { Progress } from "../api/queues";
import { count } from "../ui/format";

/** What is mine, what is the team's, what is left: one bar, and the same in words. */
export function Bar({ progress, own = true }: { progress: Progress; own?: boolean }) {
  const { total, completed, mine } = progress;
  const ours = Math.min(mine.submitted, total);
  const team = own ? Math.max(0, Math.max(completed, total - mine.left) - ours) : completed;
  const share = (part: number) => `${total === 0 ? 0 : (100 * part) / total}%`;
  const text = own
    ? `${count(ours)} done by you, ${count(completed)} of ${count(total)} complete, ${count(mine.left)} left for you`
    : `${count(completed)} of ${count(total)} complete`;
  return (
    <div
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={Math.max(1, total)}
      aria-valuenow={Math.min(total, own ? ours + team : completed)}
      aria-valuetext={text}
      aria-label="Progress"
      title={text}
      className="flex h-2 overflow-hidden rounded-full bg-hover"
    >
      {own && <span className="h-full bg-accent" style={{ width: share(ours) }} />}
      <span className="h-full bg-line-strong" style={{ width: share(team) }} />
    </div>
  );
}
