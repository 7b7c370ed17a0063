/** A share in percent: a slider, and the number to type. */
export function RateField({
  id,
  label,
  value,
  error,
  onChange,
}: {
  id: string;
  label: string;
  value: string;
  error: string | undefined;
  onChange: (to: string) => void;
}) {
  const number = Number(value.replace(",", "."));
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <label htmlFor={id} className="w-28 shrink-0 text-sm font-medium">
        {label}
      </label>
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        aria-label={`${label}, in percent`}
        className="h-8 min-w-24 flex-1"
        value={Number.isFinite(number) ? Math.max(0, Math.min(100, number)) : 0}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="flex items-center gap-1.5 text-sm">
        <input
          id={id}
          inputMode="decimal"
          className="field num w-20! text-right"
          aria-invalid={error !== undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
        %
      </span>
      {error && (
        <p role="alert" className="basis-full text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
