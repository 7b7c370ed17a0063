/** Colours for code in any language: comments, strings, numbers, words that most languages keep for themselves. */
export type Shade = "comment" | "string" | "number" | "word" | "plain";

const WORDS =
  /^(?:abstract|and|as|async|await|begin|break|by|case|catch|class|const|continue|create|def|default|delete|do|elif|else|end|enum|except|export|extends|false|finally|fn|for|from|func|function|go|group|if|impl|import|in|insert|instanceof|interface|into|is|join|lambda|let|limit|loop|match|mod|module|mut|new|nil|none|not|null|of|on|or|order|package|pass|print|private|protected|pub|public|raise|return|select|self|set|static|struct|super|switch|table|then|this|throw|trait|true|try|type|typeof|undefined|union|update|use|using|val|values|var|void|when|where|while|with|yield)$/i;
const PIECE =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?:^|(?<=\s))#[^\n]*|--\s[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(\b\d[\d_.]*\w*)|([\p{L}_$][\p{L}\p{N}_$]*)/gmu;

/** Past this, colours cost more than they give. */
const MOST = 20_000;

export function shades(code: string): [Shade, string][] {
  if (code.length > MOST) return [["plain", code]];
  const found: [Shade, string][] = [];
  let end = 0;
  for (const match of code.matchAll(PIECE)) {
    const [text, comment, string, number] = match;
    const shade: Shade = comment
      ? "comment"
      : string
        ? "string"
        : number
          ? "number"
          : WORDS.test(text)
            ? "word"
            : "plain";
    if (shade === "plain") continue;
    if (match.index > end) found.push(["plain", code.slice(end, match.index)]);
    found.push([shade, text]);
    end = match.index + text.length;
  }
  if (end < code.length) found.push(["plain", code.slice(end)]);
  return found;
}
