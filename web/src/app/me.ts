import { session } from "../api";
import { rememberSession } from "../api/client";
import type { Me } from "../api/types";

let asked: Promise<Me> | undefined;

async function askMe(): Promise<Me> {
  const me = await session.me();
  rememberSession(me.csrf_token);
  return me;
}

/** Asks who is signed in before the app has started. */
export function askForMe(): Promise<Me> {
  asked = askMe();
  // Whoever takes it hears of what went wrong.
  asked.catch(() => {});
  return asked;
}

/** The project that an address names, among those somebody has a part in. */
export const projectOf = (me: Me, name: string) =>
  me.projects.find(({ key, project_id }) => key === name || project_id === name);

/** Who is signed in, and where they have a part. */
export const meQuery = {
  queryKey: ["me"],
  queryFn: () => {
    const answer = asked ?? askMe();
    asked = undefined;
    return answer;
  },
  staleTime: 5 * 60_000,
};
