import { cx } from "../ui/cx";
import { Field } from "../ui/Field";
import { type Change, type Draft, hasOptions, type problems, TYPES } from "./draft";
import { OptionRows } from "./OptionRows";

/** The fields of a human review: what is asked, and the rules of its type. */
export function ReviewForm({
  draft,
  act,
  wrong,
  used,
  total,
  isNew,
}: {
  draft: Draft;
  act: (action: Change) => void;
  wrong: ReturnType<typeof problems>;
  /** How often each option was chosen. */
  used: Map<string, number>;
  /** How many values there are. */
  total: number;
  isNew: boolean;
}) {
  const text = (name: "title" | "key" | "description" | "min" | "max" | "step" | "maxLength") => ({
    id: name,
    value: draft[name],
    onChange: (event: { target: { value: string } }) => act({ do: "text", name, text: event.target.value }),
  });
  return (
    <>
      <Field label="Title" id="title" error={wrong.title}>
        <input
          className="field"
          maxLength={255}
          aria-invalid={Boolean(wrong.title)}
          placeholder="Tone of voice"
          {...text("title")}
        />
      </Field>
      <Field
        label="Key"
        id="key"
        hint={
          total > 0
            ? "Programs name it by this key. It stays, because values were given."
            : isNew
              ? "Programs name it by this key."
              : "Programs name it by this key: changing it breaks those that do."
        }
      >
        <input
          className="field font-mono disabled:opacity-60"
          spellCheck={false}
          disabled={total > 0}
          {...text("key")}
        />
      </Field>
      <Field label="Description" id="description" hint="Shown below the title: what is asked, and when to choose what.">
        <textarea className="field" rows={2} {...text("description")} />
      </Field>
      <fieldset className="mb-5" disabled={total > 0}>
        <legend className="mb-1 text-sm font-medium">Type</legend>
        <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
          {TYPES.map(({ type, label, hint }) => (
            <label
              key={type}
              className={cx(
                "flex cursor-pointer flex-col rounded-[6px] border px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-accent has-disabled:cursor-not-allowed",
                type === draft.type
                  ? "border-accent bg-accent-soft"
                  : cx("border-line-strong bg-sheet", total > 0 ? "opacity-60" : "hover:bg-hover"),
              )}
            >
              <input
                type="radio"
                name="type"
                className="sr-only"
                checked={type === draft.type}
                onChange={() => act({ do: "type", type })}
              />
              <span className="text-sm font-medium">{label}</span>
              <span className="text-xs text-ink-2">{hint}</span>
            </label>
          ))}
        </div>
        {total > 0 && (
          <p className="mt-1 text-xs text-ink-2">
            The type stays, because {total} {total === 1 ? "value was" : "values were"} given.
          </p>
        )}
      </fieldset>
      {hasOptions(draft.type) && (
        <Field label="Options" error={wrong.options}>
          <OptionRows draft={draft} change={act} usage={used} />
        </Field>
      )}
      {draft.type === "range" && (
        <Field label="Range" error={wrong.range}>
          <div className="flex flex-wrap gap-3">
            {(["min", "max", "step"] as const).map((name) => (
              <label key={name} className="text-xs text-ink-2">
                {{ min: "Minimum", max: "Maximum", step: "Step" }[name]}
                <input inputMode="decimal" className="field num mt-0.5 h-8 w-28 text-sm" {...text(name)} />
              </label>
            ))}
          </div>
        </Field>
      )}
      {(draft.type === "text" || draft.type === "correction") && (
        <Field
          label="Maximum length"
          id="maxLength"
          error={wrong.maxLength}
          hint="In characters; 3000 when nothing is said."
        >
          <input inputMode="numeric" className="field num w-32" {...text("maxLength")} />
        </Field>
      )}
    </>
  );
}
