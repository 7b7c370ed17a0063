import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { session } from "../api";
import { path } from "../api/client";
import { type ApiError, asApiError } from "../api/error";
import { queuesApi } from "../api/queues";
import type { OpenInvite } from "../api/types";
import { askForMe } from "../app/me";
import { ROLES } from "../settings/roles";
import { Button } from "../ui/Button";
import { ErrorLine, ErrorPanel, Skeleton } from "../ui/State";
import { Time } from "../ui/Time";
import { useWork } from "../ui/useWork";
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

/** What the invite is for, in a sentence. */
function About({ invite: { workspace, project, role, queue, expires_at } }: { invite: OpenInvite }) {
  return (
    <p className="mb-4 text-ink-2">
      {queue
        ? `A queue of ${project}, in ${workspace}: you read one conversation after the other and say what you think of it`
        : `You are invited to ${workspace} to ${ROLES.find((one) => one.role === role)?.may ?? `be ${role}`}`}
      . The invite ends <Ends iso={expires_at} />.
    </p>
  );
}

export function Invite() {
  const { token } = route.useParams();
  const invite = useQuery({ queryKey: ["invite", token], queryFn: () => session.invite(token), retry: false });
  const [asOther, setAsOther] = useState(false);
  if (invite.isPending) return <Skeleton />;
  if (invite.error) return <Gone error={asApiError(invite.error)} retry={() => void invite.refetch()} />;
  const { project, queue, signed_in } = invite.data;
  const join = async (body: Parameters<typeof session.acceptInvite>[1]) => {
    await session.acceptInvite(token, body);
    window.location.assign(queue ? await queueOf(project) : "/");
  };
  return (
    <Door title={queue ? `You are invited to judge “${queue}”` : `Join ${project}`}>
      <About invite={invite.data} />
      {signed_in && !asOther ? (
        <JoinAs member={signed_in} join={() => join({})} other={() => setAsOther(true)} />
      ) : (
        <JoinNew invite={invite.data} join={join} />
      )}
    </Door>
  );
}

/** Joins as who is signed in already. */
function JoinAs({
  member: { display_name, email },
  join,
  other,
}: {
  member: NonNullable<OpenInvite["signed_in"]>;
  join: () => Promise<void>;
  other: () => void;
}) {
  const { busy, error, run } = useWork();
  const go = async () => {
    // What is changed in a session says its own word, which only that session can read.
    await askForMe();
    await join();
  };
  return (
    <>
      <p className="mb-4 text-sm">
        You are signed in as <span className="font-medium">{display_name}</span> ({email}).
      </p>
      {error && (
        <div className="mb-4">
          <ErrorLine error={error} />
        </div>
      )}
      <Button look="primary" className="mb-2 w-full" disabled={busy} onClick={() => void run(go)}>
        Join as {display_name}
      </Button>
      <Button look="quiet" className="w-full" onClick={other}>
        Join as somebody else
      </Button>
    </>
  );
}

/** Joins with a new account. */
function JoinNew({
  invite: { email },
  join,
}: {
  invite: OpenInvite;
  join: (body: { name: string; password: string; email?: string }) => Promise<void>;
}) {
  const [draft, setDraft] = useState({ name: "", email: "", password: "" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const { name, password } = draft;
    join({ name, password, ...(email ? {} : { email: draft.email }) }).catch((cause) => {
      setBusy(false);
      setError(asApiError(cause));
    });
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
          {error.status === 409 && (
            <p className="mt-1 text-sm">
              <a className="underline" href={`/sign-in?next=${encodeURIComponent(window.location.pathname)}`}>
                Sign in with it
              </a>{" "}
              to join.
            </p>
          )}
        </div>
      )}
      <Button look="primary" type="submit" className="w-full" disabled={busy}>
        {busy ? "Joining…" : "Join"}
      </Button>
    </form>
  );
}

function Ends({ iso }: { iso: string }) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return <Time iso={iso} />;
  return <time dateTime={iso}>{date.toLocaleDateString("en", { month: "long", day: "numeric" })}</time>;
}
