import { memo } from "react";
import { CopyButton } from "./Copy";
import { type Shade, shades } from "./code";
import { cx } from "./cx";

const LOOKS: Record<Shade, string | undefined> = {
  comment: "text-ink-3 italic",
  string: "text-good",
  number: "text-warn",
  word: "font-medium text-accent",
  plain: undefined,
};

interface CodeProps {
  code: string;
  language?: string | undefined;
  /** As tall as its text, where the page around it scrolls. */
  tall?: boolean;
}

export const CodeBlock = memo(function CodeBlock({ code, language, tall }: CodeProps) {
  return (
    <div className="group relative my-2 rounded-[6px] border bg-well">
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll
        tabIndex={0}
        className={cx("scroll p-3 pr-10 font-mono text-sm leading-5", !tall && "max-h-[480px]")}
        dir="ltr"
      >
        <code>
          {shades(code).map(([shade, text], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pieces stay in their order
            <span key={index} className={LOOKS[shade]}>
              {text}
            </span>
          ))}
        </code>
      </pre>
      <span className="absolute top-1 right-1">
        <CopyButton text={code} name={`Copy ${language || "code"}`} />
      </span>
    </div>
  );
});
