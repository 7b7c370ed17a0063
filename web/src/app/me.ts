import { session } from "../api";
import { rememberSession } from "../api/client";

/** Who is signed in, and where they have a part. */
export const meQuery = {
  queryKey: ["me"],
  queryFn: async () => {
    const me = await session.me();
    rememberSession(me.csrf_token);
    return me;
  },
  staleTime: 5 * 60_000,
};
