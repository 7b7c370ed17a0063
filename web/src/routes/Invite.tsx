import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { session } from "../api";
import { path } from "../api/client";
import { type ApiError, asApiError } from "../api/error";
import { queuesApi } from "../api/queues";
import { ROLES } from "../settings/roles";
import { Button } from "../ui/Button";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { Door, Labelled } from "./SignIn";

const route = getRouteApi("/invite/$token");

/** What somebody sees whose invite cannot be used: they can only ask for another. */
function Gone({ error, retry }: { error: ApiError; retry: () => void }) {
  if (error.status !== 404 && error.status !== 409) return <ErrorPanel error={error} retry={retry} />;
  return (
    <Door title="This invite is over">
      <p role="alert" className="text-ink-2">
        {error.message} Ask whoever invited you for a new one.
      </p>
    </Door>
  );
}

/** Where somebody begins who joined for a queue: there, when it is the only one they may review in. */
async function queueOf(projectName: string): Promise<string> {
  try {
    const { projects } = await session.me();
    const project = projects.find(({ name }) => name === projectName);
    if (!project) return "/";
    const { data } = await queuesApi(project.project_id).list();
    const [only, ...others] = data.filter(({ may_review }) => may_review);
    return only && others.length === 0 ? path`/p/${project.key}/queues/${only.id}/review` : "/";
  } catch {
    return "/";
  }
}

export function Invite() {
  const { token } = route.useParams();
  const invite = useQuery({ queryKey: ["invite", token], queryFn: () => session.invite(token), retry: false });
  const [draft, setDraft] = useState({ name: "", email: "", password: "" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  if (invite.isPending) return <Skeleton />;
  if (invite.error) return <Gone error={asApiError(invite.error)} retry={() => void invite.refetch()} />;
  const { workspace, project, role, queue, email, expires_at } = invite.data;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const { name, password } = draft;
    session.acceptInvite(token, { name, password, ...(email ? {} : { email: draft.email }) }).then(
      async () => window.location.assign(queue ? await queueOf(project) : "/"),
      (cause) => {
        setBusy(false);
        setError(asApiError(cause));
      },
    );
  };
  const field = (name: keyof typeof draft, label: string, type: string, complete: string, hint?: string) => (
    <Labelled label={label} id={name} hint={hint}>
      <input
        id={name}
        type={type}
        autoComplete={complete}
        required
        className="field"
        aria-invalid={error?.field === name}
        value={draft[name]}
        onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
      />
      {error?.field === name && <ErrorLine error={error} />}
    </Labelled>
  );
  return (
    <Door title={queue ? `You are invited to judge “${queue}”` : `Join ${project}`}>
      <p className="mb-4 text-ink-2">
        {queue
          ? `A queue of ${project}, in ${workspace}: you read one conversation after the other and say what you think of it`
          : `You are invited to ${workspace} to ${ROLES.find((one) => one.role === role)?.may ?? `be ${role}`}`}
        . The invite ends <Ends iso={expires_at} />.
      </p>
      <form onSubmit={submit}>
        {field("name", "Your name", "text", "name", "Shown beside what you say.")}
        {email ? (
          <p className="mb-4 text-sm">
            E-mail <span className="font-medium">{email}</span>
          </p>
        ) : (
          field("email", "E-mail", "email", "username")
        )}
        {field("password", "Choose a password", "password", "new-password", "At least 10 characters.")}
        {error && !(error.field && error.field in draft) && (
          <div className="mb-4">
            <ErrorLine error={error} />
          </div>
        )}
        <Button look="primary" type="submit" className="w-full" disabled={busy}>
          {busy ? "Joining…" : "Join"}
        </Button>
      </form>
    </Door>
  );
}

function Ends({ iso }: { iso: string }) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return <Time iso={iso} />;
  return <time dateTime={iso}>{date.toLocaleDateString("en", { month: "long", day: "numeric" })}</time>;
}
