import type { ReactNode, Ref, SelectHTMLAttributes } from "react";
import { cx } from "./cx";

/** A thing to fill in: its name above, what it is for below, and what is wrong with it. */
export function Field({
  label,
  id,
  error,
  hint,
  children,
}: {
  label: string;
  id?: string;
  error?: string | undefined;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="mb-5">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children}
      {hint && (
        <p id={id && `${id}-hint`} className="mt-1 text-xs text-ink-2">
          {hint}
        </p>
      )}
      {error && (
        <p role="alert" id={id && `${id}-error`} className="mt-1 text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

/** A list to choose one of, as the system shows it. */
export function Select({
  options,
  className,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & {
  options: { value: string; label: string; disabled?: boolean }[];
  ref?: Ref<HTMLSelectElement>;
}) {
  return (
    <select {...rest} className={cx("field select", className)}>
      {options.map(({ value, label, disabled }) => (
        <option key={value} value={value} disabled={disabled}>
          {label}
        </option>
      ))}
    </select>
  );
}
