import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { ApiKey } from "../api/settings";
import { may, useHere } from "../app/project";
import { ApiKeyForm } from "../settings/ApiKeyForm";
import { Page } from "../settings/Page";
import { Secret } from "../settings/Secret";
import { scopeLabel } from "../settings/scopes";
import { Button } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { cx } from "../ui/cx";
import { day } from "../ui/dates";
import { exact } from "../ui/format";
import { Empty, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";

/** Settings: what programs sign in with. */
export function ApiKeysPage() {
  const here = useHere();
  const { project } = here;
  const api = settingsApi(project.project_id);
  const client = useQueryClient();
  const runs = may(here, "admin");
  const query = useQuery({ queryKey: [project.key, "api-keys"], queryFn: () => api.apiKeys(), enabled: runs });
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<ApiKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const again = () => client.invalidateQueries({ queryKey: [project.key, "api-keys"] });
  const toggle = (key: ApiKey) =>
    void api.switchApiKey(key.id, key.status !== "active").then(again, (cause) => {
      toast(asApiError(cause).message, { bad: true });
    });
  if (!runs)
    return (
      <ErrorPanel error={{ status: 403, message: "API keys are for admins of the project. Ask one for a key." }} />
    );
  return (
    <Page
      title="API keys"
      about="What applications and programs use to send traces and to speak to the API."
      action={
        <Button look="primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden /> New API key
        </Button>
      }
    >
      {made && (
        <Secret title={`${made.name} is made`} text={made.token} copy="Copy the key" onDone={() => setMade(null)}>
          Copy the key now and keep it like a password: it is stored hashed and shown only this once.
        </Secret>
      )}
      {query.isPending ? (
        <Skeleton lines={5} className="px-0" />
      ) : query.error ? (
        <ErrorPanel error={asApiError(query.error)} retry={() => void query.refetch()} />
      ) : query.data.length === 0 ? (
        <div className="-mx-8">
          <Empty title="No keys yet">
            <p className="mb-3">An application needs one to send its traces here.</p>
            <Button onClick={() => setMaking(true)}>Make the first key</Button>
          </Empty>
        </div>
      ) : (
        <ul aria-label="API keys" className="border-t">
          {query.data.map((key) => (
            <KeyRow key={key.id} apiKey={key} onSwitch={() => toggle(key)} onRevoke={() => setRevoking(key)} />
          ))}
        </ul>
      )}
      <ApiKeyForm
        open={making}
        onClose={() => setMaking(false)}
        onMade={(key) => {
          setMade(key);
          void again();
        }}
      />
      <Confirm
        open={revoking !== null}
        onClose={() => setRevoking(null)}
        title={`Revoke ${revoking?.name ?? ""}?`}
        action="Revoke"
        run={async () => {
          await api.deleteApiKey(revoking?.id ?? "");
          if (made?.id === revoking?.id) setMade(null);
          await again();
          toast(`${revoking?.name} is revoked`);
        }}
      >
        <p>Whatever uses it is refused at once, and it cannot be brought back.</p>
        <p>{lastUse(revoking)}</p>
      </Confirm>
    </Page>
  );
}

const lastUse = (key: ApiKey | null): string =>
  key?.last_used_at ? `It was last used ${exact(key.last_used_at)}.` : "It was never used.";

function KeyRow({ apiKey: key, onSwitch, onRevoke }: { apiKey: ApiKey; onSwitch: () => void; onRevoke: () => void }) {
  const { me } = useHere();
  const where = key.projects.map((id) => me.projects.find((one) => one.project_id === id)?.name ?? "another project");
  const lapsed = key.expiration !== undefined && Date.parse(key.expiration) <= Date.now();
  const off = key.status !== "active" || lapsed;
  const state = lapsed ? "expired" : key.status === "disabled" ? "switched off" : key.status;
  return (
    <li className="flex min-h-16 items-center gap-3 border-b py-2.5 max-sm:flex-wrap">
      <div className="min-w-0 flex-1 max-sm:basis-full">
        <div className="flex min-w-0 items-baseline gap-2">
          <span className={cx("truncate font-medium", off && "text-ink-2")} title={key.name}>
            {key.name}
          </span>
          {off && <span className="shrink-0 rounded-sm bg-warn-soft px-1.5 text-xs text-warn">{state}</span>}
        </div>
        <div className="truncate font-mono text-xs text-ink-3">{key.token}</div>
      </div>
      <div className="flex w-48 shrink-0 flex-col gap-0.5 text-xs text-ink-2 max-sm:w-auto max-sm:flex-1">
        <span>{key.scopes.map(scopeLabel).join(", ")}</span>
        <span className="truncate">{where.join(", ") || "Every project"}</span>
      </div>
      <div className="num flex w-28 shrink-0 flex-col gap-0.5 text-xs text-ink-2 max-sm:w-auto">
        <span>
          {key.last_used_at ? (
            <>
              used <Time iso={key.last_used_at} />
            </>
          ) : (
            "never used"
          )}
        </span>
        <span title={key.expiration && exact(key.expiration)}>
          {key.expiration ? `${lapsed ? "ended" : "ends"} ${day(key.expiration)}` : "does not end"}
        </span>
      </div>
      <span className="flex gap-1.5 max-sm:basis-full">
        {key.status !== "revoked" && !lapsed && (
          <Button
            small
            aria-label={`Switch ${key.status === "active" ? "off" : "on"} ${key.name}`}
            className="w-20"
            onClick={onSwitch}
          >
            {key.status === "active" ? "Switch off" : "Switch on"}
          </Button>
        )}
        <Button small look="danger" aria-label={`Revoke ${key.name}`} onClick={onRevoke}>
          Revoke
        </Button>
      </span>
    </li>
  );
}
