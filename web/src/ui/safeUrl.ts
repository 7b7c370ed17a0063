/** What a link from a trace may open; nothing for anything that could run. */
export function safeUrl(address: string): URL | undefined {
  try {
    const url = new URL(address.trim());
    return url.protocol === "https:" || url.protocol === "http:" || url.protocol === "mailto:" ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Characters that turn the direction of text, with which an address can look like another. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const plainly = (text: string): string => text.replace(TURNING, "");
