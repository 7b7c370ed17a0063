import { cx } from "../ui/cx";

/** As many lines as a text takes, within reason. */
const linesOf = (text: string): number =>
  Math.min(24, Math.max(2, text.split("\n").length + Math.floor(text.length / 80)));

/** A text of any length to read and to write in. */
export function TextBox({
  id,
  name,
  value,
  readOnly,
  onChange,
  className,
}: {
  id?: string;
  /** What it is, where no label says so. */
  name?: string;
  value: string;
  readOnly: boolean;
  onChange: (value: string) => void;
  className?: string;
}) {
  return (
    <textarea
      id={id}
      aria-label={name}
      dir="auto"
      rows={linesOf(value)}
      readOnly={readOnly}
      className={cx("field block text-read", readOnly && "border-line", className)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
