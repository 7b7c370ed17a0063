import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "./cx";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent font-medium hover:bg-accent-hover border border-transparent",
  plain: "bg-sheet text-ink border border-line-strong hover:bg-hover",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink border border-transparent",
  danger: "bg-sheet text-bad border border-line-strong hover:bg-bad-soft",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  /** Holds only an icon. */
  square?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", small, square, className, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-[6px] whitespace-nowrap select-none disabled:opacity-50",
        square ? "" : small ? "h-7 px-2 text-sm" : "h-8 px-3 text-sm",
        LOOKS[look],
        className,
      )}
      {...rest}
    />
  );
}

/** A button that shows only an icon; its name is for screen readers and the tooltip. */
export function IconButton({
  name,
  shortcut,
  children,
  className,
  ...rest
}: Omit<ButtonProps, "name"> & { name: string; shortcut?: string | undefined; children: ReactNode }) {
  return (
    <Button
      look="quiet"
      aria-label={name}
      title={shortcut ? `${name} (${shortcut})` : name}
      square
      className={className ?? "size-8 pointer-coarse:size-11"}
      {...rest}
    >
      {children}
    </Button>
  );
}
