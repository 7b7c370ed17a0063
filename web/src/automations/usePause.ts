import { useState } from "react";
import type { Automation } from "../api/automations";
import { asApiError } from "../api/error";
import { named } from "../ui/format";
import { toast } from "../ui/Toast";
import { useAutomations } from "./queries";

/** Switches automations on and off. */
export function usePause() {
  const { api, stored } = useAutomations();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const put = (automation: Automation, enabled: boolean) => {
    const { id, name } = automation;
    if (busy.has(id)) return;
    setBusy(new Set([...busy, id]));
    void api
      .change(id, { enabled })
      .then(
        (now) => {
          stored(now);
          toast(enabled ? `${named(name)} is on` : `${named(name)} is paused: what comes meanwhile is not acted on`);
        },
        (cause: unknown) => toast(asApiError(cause).message, { bad: true }),
      )
      .finally(() => setBusy((now) => new Set([...now].filter((one) => one !== id))));
  };
  return { put, isBusy: (id: string) => busy.has(id) };
}
