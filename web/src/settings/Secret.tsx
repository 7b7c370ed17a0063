import { useEffect, useRef } from "react";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/Copy";

/** What is shown once: it stays until somebody says that they have it. */
export function Secret({
  title,
  text,
  copy,
  children,
  onDone,
}: {
  title: string;
  text: string;
  /** What the button that copies it is called. */
  copy: string;
  children?: string;
  onDone: () => void;
}) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <section
      ref={box}
      tabIndex={-1}
      aria-label={title}
      className="mb-6 rounded-[6px] border border-accent bg-accent-soft p-4 outline-none"
    >
      <h2 className="mb-1 text-base font-semibold break-words">{title}</h2>
      <p className="mb-3 text-sm text-ink-2">{children ?? "Copy it now: it is shown only this once."}</p>
      <div className="mb-3 flex items-center gap-1 rounded-[6px] border bg-sheet pr-1 pl-3">
        <code className="min-w-0 flex-1 py-2 font-mono text-sm break-all select-all">{text}</code>
        <CopyButton text={text} name={copy} />
      </div>
      <Button onClick={onDone}>I have copied it</Button>
    </section>
  );
}
