import type { ReactNode } from "react";
import { cx } from "../ui/cx";

/** A page of the settings: what it is about, and what can be made there. */
export function Page({
  title,
  about,
  action,
  children,
}: {
  title: string;
  about: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="max-w-[860px] px-4 py-6 lg:px-8">
      <div className="mb-1 flex min-h-8 items-center gap-3">
        <h1 className="min-w-0 flex-1 text-lg font-semibold">{title}</h1>
        {action}
      </div>
      <p className="mb-6 max-w-[64ch] text-ink-2">{about}</p>
      {children}
    </div>
  );
}

export function Section({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="mb-8 border-t pt-5 first-of-type:border-t-0 first-of-type:pt-0">
      <h2 className={cx("text-md font-semibold", about ? "mb-1" : "mb-3")}>{title}</h2>
      {about && <p className="mb-4 max-w-[64ch] text-sm text-ink-2">{about}</p>}
      {children}
    </section>
  );
}
