import { type FormEvent, type RefObject, useRef, useState } from "react";
import { settingsApi } from "../api";
import type { ApiKey } from "../api/settings";
import { useHere } from "../app/project";
import { Button } from "../ui/Button";
import { Field, Select } from "../ui/Field";
import { Dialog } from "../ui/Overlay";
import { ErrorLine } from "../ui/State";
import { useWork } from "../ui/useWork";
import { EXPIRIES, inDays, SCOPES } from "./scopes";

const EVERY = "every project";

interface FormProps {
  onClose: () => void;
  onMade: (key: ApiKey) => void;
}

/** A new API key: its name, what it may do, where, and for how long. */
export function ApiKeyForm({ open, ...rest }: FormProps & { open: boolean }) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog open={open} onClose={rest.onClose} title="New API key" focus={first}>
      <Body first={first} {...rest} />
    </Dialog>
  );
}

function Body({ first, onClose, onMade }: FormProps & { first: RefObject<HTMLInputElement | null> }) {
  const { me, project } = useHere();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["ingest", "annotate", "read"]);
  const [reach, setReach] = useState(project.project_id);
  const [days, setDays] = useState("");
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useWork();
  const wrongName = name.trim() === "" ? "Give it a name: who or what uses it." : undefined;
  const wrongScopes = scopes.length === 0 ? "Allow at least one thing." : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrongName || wrongScopes) return;
    void run(async () => {
      const expiration = inDays(days);
      const made = await settingsApi(project.project_id).createApiKey({
        name: name.trim(),
        scopes,
        project_scope: reach === EVERY ? { mode: "all" } : { mode: "single", project_id: reach },
        ...(expiration ? { expiration } : {}),
      });
      onMade(made);
      onClose();
    });
  };
  const projects = me.projects
    .filter(({ permissions }) => permissions.includes("admin"))
    .map((one) => ({ value: one.project_id, label: one.name }));
  return (
    <form onSubmit={submit} noValidate className="scroll">
      <div className="px-4 pt-4">
        <Field
          label="Name"
          id="key-name"
          error={tried ? (wrongName ?? (error?.field === "name" ? error.message : undefined)) : undefined}
        >
          <input
            ref={first}
            id="key-name"
            className="field"
            maxLength={128}
            placeholder="support-bot, production"
            aria-invalid={tried && Boolean(wrongName)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <fieldset className="mb-5">
          <legend className="mb-1 text-sm font-medium">It may</legend>
          {SCOPES.map(({ scope, label, may }) => (
            <label key={scope} className="flex min-h-9 cursor-pointer items-start gap-2.5 py-1">
              <input
                type="checkbox"
                className="mt-0.5 size-4 shrink-0 accent-(--accent)"
                checked={scopes.includes(scope)}
                onChange={({ target }) =>
                  setScopes(target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
                }
              />
              <span className="text-sm">
                <span className="font-medium">{label}</span>
                <span className="block text-xs text-ink-2">{may}</span>
              </span>
            </label>
          ))}
          {tried && wrongScopes && (
            <p role="alert" className="mt-1 text-sm text-bad">
              {wrongScopes}
            </p>
          )}
        </fieldset>
        <div className="grid gap-x-4 sm:grid-cols-2">
          <Field label="Where" id="key-reach">
            <Select
              id="key-reach"
              value={reach}
              onChange={(event) => setReach(event.target.value)}
              options={[
                ...projects,
                ...(me.member?.workspace_role ? [{ value: EVERY, label: "Every project, also later ones" }] : []),
              ]}
            />
          </Field>
          <Field label="Works" id="key-expiry">
            <Select id="key-expiry" value={days} onChange={(event) => setDays(event.target.value)} options={EXPIRIES} />
          </Field>
        </div>
        {error && error.field !== "name" && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
      </div>
      <div className="flex justify-end gap-2 border-t px-4 py-3">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          Create the key
        </Button>
      </div>
    </form>
  );
}
