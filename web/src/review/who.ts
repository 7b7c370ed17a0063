/** Who said something, and with what, as people read it. */
import type { Annotation } from "../api/types";

type Annotator = Annotation["annotator"];

const short = (id: string) => (id.length > 14 ? `${id.slice(0, 12)}…` : id);

/** The name of an annotator; without one, their id, and what they are unless they are people. */
export function nameOf(annotator: Annotator, myId: string | undefined): string {
  if (annotator.kind === "human" && annotator.id === myId) return "You";
  if (annotator.name) return annotator.name;
  return annotator.kind === "human" ? short(annotator.id) : `${annotator.kind} ${short(annotator.id)}`;
}

/** Browsers by the word that only they use; the first that fits. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(Headless)?Chrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

/** A client by its `User-Agent`: the browser, or the name and version that a program gives itself. */
export function clientName(agent: string | undefined): string | undefined {
  if (!agent) return undefined;
  if (agent.startsWith("Mozilla/")) return BROWSERS.find(([sign]) => sign.test(agent))?.[1] ?? "a browser";
  const [first] = agent.trim().split(/\s+/);
  return first?.slice(0, 40).replace("/", " ");
}

/** Where something was said: in the app, or through the API, or where its sender says. */
export const placeName = (source: string | undefined): string | undefined =>
  source === "orq" ? "in the app" : source === "api" ? "through the API" : source && `from ${source}`;
