import { CircleAlert, Lock, WifiOff } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { CopyText } from "./Copy";
import { cx } from "./cx";
import type { Fault } from "./fault";

const TITLES: Record<number, string> = {
  0: "The server cannot be reached",
  403: "You may not see this",
  404: "This is not here",
  429: "Too many requests",
};

/** An error a person can act on: what happened, what to do, and the id to tell the operator. */
export function ErrorPanel({ error, retry, children }: { error: Fault; retry?: () => void; children?: ReactNode }) {
  const Icon = error.offline ? WifiOff : error.status === 403 ? Lock : CircleAlert;
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-start gap-3 p-6">
      <Icon size={20} className="text-bad" aria-hidden />
      <h2 className="text-md font-semibold">{TITLES[error.status] ?? "This did not work"}</h2>
      <p className="text-ink-2">{error.message}</p>
      <div className="flex gap-2">
        {retry && <Button onClick={retry}>Try again</Button>}
        {children}
      </div>
      {error.requestId && (
        <p className="text-xs text-ink-3">
          Request <CopyText text={error.requestId} name="request id" />: tell it to whoever runs this server.
        </p>
      )}
    </div>
  );
}

/** The same in one line, beside the thing that failed. */
export function ErrorLine({ error, id }: { error: Fault; id?: string }) {
  return (
    <p role="alert" id={id} className="text-sm text-bad">
      {error.message}
      {error.requestId && error.status >= 500 && (
        <span className="text-xs text-ink-3">
          {" "}
          Request <CopyText text={error.requestId} name="request id" />
        </span>
      )}
    </p>
  );
}

export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const widths = ["w-2/3", "w-full", "w-5/6", "w-3/4"];
  return (
    <div role="status" aria-label="Loading" className={cx("flex flex-col gap-3 p-4", className)}>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <div key={index} className={cx("skeleton h-4", widths[index % widths.length])} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-start gap-2 p-8">
      <h2 className="text-md font-semibold">{title}</h2>
      <div className="text-ink-2">{children}</div>
    </div>
  );
}
