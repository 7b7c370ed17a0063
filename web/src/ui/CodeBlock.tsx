import { memo } from "react";
import { CopyButton } from "./Copy";
import { type Shade, shades } from "./code";

const LOOKS: Record<Shade, string | undefined> = {
  comment: "text-ink-3 italic",
  string: "text-good",
  number: "text-warn",
  word: "font-medium text-accent",
  plain: undefined,
};

export const CodeBlock = memo(function CodeBlock({ code, language }: { code: string; language?: string | undefined }) {
  return (
    <div className="group relative my-2 rounded-[6px] border bg-well">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll */}
      <pre tabIndex={0} className="scroll max-h-[480px] p-3 pr-10 font-mono text-sm leading-5" dir="ltr">
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
