import { createContext, use } from "react";

/** The project whose media are shown: an image cannot send the header that names it. */
export const MediaProject = createContext("");

const STORED = /^\/v3\/media\/[0-9a-f]{64}$/;

/** Where an image, a recording or a file of a trace is fetched on our own server; nothing for any other address. */
export function storedAt(address: string, project: string): string | undefined {
  if (!STORED.test(address)) return undefined;
  return project ? `${address}?project_id=${encodeURIComponent(project)}` : address;
}

export function useStored(address: string): string | undefined {
  return storedAt(address, use(MediaProject));
}
