import { lexer, type Token, type Tokens } from "marked";
import { Fragment, memo, type ReactNode, useMemo, useState } from "react";
import { Button } from "./Button";
import { CodeBlock } from "./CodeBlock";
import { count } from "./format";
import { TraceImage } from "./Image";
import { InertLink } from "./InertLink";

/** Past this a text is shown in part first; past the second it is not read as Markdown at all. */
const SHOWN = 12_000;
const READ = 200_000;

/**
 * Markdown of a trace, made into elements of our own: no HTML of the text ever becomes HTML of the page, links are
 * inert, images are fetched from nowhere.
 */
export const Markdown = memo(function Markdown({ text, first = SHOWN }: { text: string; first?: number }) {
  const [all, setAll] = useState(false);
  const shown = all || text.length <= first ? text : text.slice(0, first);
  const tokens = useMemo(() => (shown.length > READ ? undefined : safeLexer(shown)), [shown]);
  return (
    <div className="max-w-[72ch] text-read break-words" dir="auto">
      {tokens ? blocks(tokens) : <Plain text={shown} />}
      {shown.length < text.length && (
        <Button small className="mt-2" onClick={() => setAll(true)}>
          Show all {count(text.length)} characters
        </Button>
      )}
    </div>
  );
});

function safeLexer(text: string): Token[] | undefined {
  try {
    return lexer(text, { gfm: true, breaks: true });
  } catch {
    return undefined;
  }
}

/** Reads a little of everything, so that the browser has made the patterns ready when the first text is shown. */
export function warmMarkdown(): void {
  safeLexer("# a\n\nb *c* **d** `e` [f](g)\n\n> h\n\n1. i\n   - j\n\n```k\nl\n```\n\n|m|n|\n|-|-|\n|o|p|\n\n***\n");
}

/** Pieces of about so many characters are laid out when they come into sight, so that a megabyte holds nobody up. */
const PIECE = 4000;

/** A long text in pieces, cut at the ends of lines where it has any. */
export function pieces(text: string): string[] {
  const made: string[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.lastIndexOf("\n", at + PIECE);
    const end = at + PIECE >= text.length ? text.length : line > at ? line + 1 : at + PIECE;
    made.push(text.slice(at, end));
    at = end;
  }
  return made;
}

function Plain({ text }: { text: string }) {
  const all = useMemo(() => pieces(text), [text]);
  return (
    <div className="scroll max-h-[70vh] whitespace-pre-wrap">
      {all.map((piece, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
          key={index}
          dir="auto"
          style={{ contentVisibility: "auto", containIntrinsicBlockSize: "auto 1200px" }}
        >
          {/* A line end between two pieces is the end of the piece itself. */}
          {piece.endsWith("\n") ? piece.slice(0, -1) : piece}
        </div>
      ))}
    </div>
  );
}

const HEADINGS = ["text-lg", "text-md", "text-read", "text-read", "text-read", "text-read"];

function list(token: Tokens.List): ReactNode {
  const items = token.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
    <li key={index} className="my-0.5">
      {item.task && (
        <span role="img" aria-label={item.checked ? "done" : "to do"}>
          {item.checked ? "☑ " : "☐ "}
        </span>
      )}
      {blocks(item.tokens)}
    </li>
  ));
  if (!token.ordered) return <ul className="my-2 list-disc ps-6">{items}</ul>;
  return (
    <ol className="my-2 list-decimal ps-6" start={token.start === "" ? undefined : Number(token.start)}>
      {items}
    </ol>
  );
}

function table(token: Tokens.Table): ReactNode {
  const align = (cell: Tokens.TableCell) =>
    cell.align === "right" ? "text-right" : cell.align === "center" ? "text-center" : "text-start";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: wide tables scroll
    <div tabIndex={0} className="scroll my-2">
      <table className="num border-collapse text-base">
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
              <th key={index} className={`border px-2 py-1 font-semibold ${align(cell)}`}>
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
            <tr key={at}>
              {row.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
                <td key={index} className={`border px-2 py-1 align-top ${align(cell)}`}>
                  {inline(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      // Headings of a trace are not headings of the page.
      return (
        <p className={`mt-3 mb-1 font-semibold first:mt-0 ${HEADINGS[token.depth - 1] ?? "text-read"}`}>
          {inline(token.tokens)}
        </p>
      );
    case "paragraph":
      return <p className="my-2 first:mt-0 last:mb-0">{inline(token.tokens)}</p>;
    case "code":
      return <CodeBlock code={token.text} language={token.lang} />;
    case "blockquote":
      return (
        <blockquote className="my-2 border-s-2 border-line-strong ps-3 text-ink-2">{blocks(token.tokens)}</blockquote>
      );
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr className="my-3" />;
    case "html":
      return <div className="my-2 font-mono text-sm whitespace-pre-wrap">{token.raw}</div>;
    default:
      return "tokens" in token ? inline(token.tokens) : inline([token]);
  }
}

function blocks(tokens: Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
  return tokens?.map((token, index) => <Fragment key={index}>{block(token)}</Fragment>);
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };
const plain = (text: string) => text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name] ?? "");

function span(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong className="font-semibold">{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code className="rounded-sm bg-well px-1 font-mono text-[0.9em]">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <InertLink address={token.href}>{inline(token.tokens)}</InertLink>;
    case "image":
      return <TraceImage source={token.href} name={token.text} />;
    case "escape":
      return token.text;
    case "html":
      return token.raw;
    case "text":
      return token.tokens ? inline(token.tokens) : plain(token.text);
    default:
      return token.raw;
  }
}

function inline(tokens: Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
  return tokens?.map((token, index) => <Fragment key={index}>{span(token)}</Fragment>);
}
