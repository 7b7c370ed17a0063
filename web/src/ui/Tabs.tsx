import { type KeyboardEvent, useRef } from "react";
import { cx } from "./cx";

export interface Tab<T extends string> {
  id: T;
  label: string;
  count?: number | undefined;
}

/** A row of tabs; arrow keys move between them. */
export function Tabs<T extends string>({
  label,
  tabs,
  value,
  onChange,
  panel,
}: {
  label: string;
  tabs: Tab<T>[];
  value: T;
  onChange: (id: T) => void;
  panel: string;
}) {
  const row = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.id === value);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.id);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <div
      ref={row}
      role="tablist"
      aria-label={label}
      onKeyDown={move}
      className="scroll flex items-stretch gap-1 px-3 max-sm:gap-0"
    >
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          data-tab={tab.id}
          id={`${panel}-${tab.id}`}
          aria-selected={tab.id === value}
          aria-controls={panel}
          tabIndex={tab.id === value ? 0 : -1}
          onClick={() => onChange(tab.id)}
          className={cx(
            "h-10 shrink-0 border-b-2 px-2 text-sm -outline-offset-2",
            tab.id === value ? "border-accent font-medium text-ink" : "border-transparent text-ink-2 hover:text-ink",
          )}
        >
          {tab.label}
          {tab.count !== undefined && <span className="num ml-1.5 text-xs text-ink-3">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}
