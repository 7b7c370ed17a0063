import { cx } from "./cx";

/** Something that is on or off, and changes at once. */
export function Switch({
  name,
  title,
  checked,
  disabled,
  onChange,
}: {
  /** What it switches; read out. */
  name: string;
  title?: string | undefined;
  checked: boolean;
  disabled?: boolean;
  onChange: (to: boolean) => void;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-label={name}
      title={title}
      aria-checked={checked}
      disabled={disabled}
      onClick={() => onChange(!checked)}
      className="inline-flex shrink-0 items-center justify-center disabled:opacity-50 pointer-coarse:h-11 pointer-coarse:w-12"
    >
      <span
        className={cx(
          "flex h-5 w-9 items-center rounded-full border p-[2px] transition-colors duration-120",
          checked ? "border-accent bg-accent" : "border-line-strong bg-well",
        )}
      >
        <span
          className={cx(
            "size-3.5 rounded-full transition-transform duration-120",
            checked ? "translate-x-4 bg-on-accent" : "bg-ink-2",
          )}
        />
      </span>
    </button>
  );
}
