import type { ReactNode } from "react";

/** One of several that exclude each other. */
export function Radio({
  name,
  checked,
  onChoose,
  label,
  hint,
}: {
  name: string;
  checked: boolean;
  onChoose: () => void;
  label: ReactNode;
  hint?: string;
}) {
  return (
    <label className="flex min-h-8 items-start gap-2 py-1 text-sm">
      <input
        type="radio"
        name={name}
        className="mt-0.5 size-4 accent-(--accent)"
        checked={checked}
        onChange={onChoose}
      />
      <span>
        {label}
        {hint && <span className="block text-xs text-ink-2">{hint}</span>}
      </span>
    </label>
  );
}

export function Check({ checked, onToggle, label }: { checked: boolean; onToggle: () => void; label: ReactNode }) {
  return (
    <label className="flex min-h-8 items-center gap-2 text-sm">
      <input type="checkbox" className="size-4 accent-(--accent)" checked={checked} onChange={onToggle} />
      <span>{label}</span>
    </label>
  );
}
