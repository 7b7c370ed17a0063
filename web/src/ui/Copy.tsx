import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./Button";

function useCopied(): [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, (text) => void navigator.clipboard?.writeText(text).then(() => setCopied(true))];
}

/** An id, shortened in the middle, copied by a click. */
export function CopyText({ text, name, short = 14 }: { text: string; name: string; short?: number }) {
  const [copied, copy] = useCopied();
  const half = Math.floor((short - 1) / 2);
  const shown = text.length > short + 2 ? `${text.slice(0, half)}…${text.slice(-half)}` : text;
  return (
    <button
      type="button"
      onClick={() => copy(text)}
      title={copied ? "Copied" : `${text} (click to copy)`}
      aria-label={copied ? `${shown}: ${name} copied` : `${shown}: copy ${name}`}
      className="inline-flex items-center gap-1 rounded-sm font-mono text-xs text-ink-2 hover:bg-hover hover:text-ink"
    >
      {shown}
      {copied && <Check size={12} className="text-good" aria-hidden />}
    </button>
  );
}

export function CopyButton({ text, name, icon: Icon = Copy }: { text: string; name: string; icon?: LucideIcon }) {
  const [copied, copy] = useCopied();
  return (
    <IconButton name={copied ? "Copied" : name} onClick={() => copy(text)} className="size-7">
      {copied ? <Check size={14} className="text-good" aria-hidden /> : <Icon size={14} aria-hidden />}
    </IconButton>
  );
}
