import { useParams, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { session } from "../api";
import { type ApiError, asApiError } from "../api/error";
import { Button } from "../ui/Button";
import { ErrorLine } from "../ui/State";

/** A page for people who are not signed in: the name, and one thing to do. */
export function Door({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="scroll flex h-full items-start justify-center px-4 pt-[14vh] pb-8">
      <div className="w-full max-w-90">
        <div className="mb-8 border-l-[3px] border-accent pl-3">
          <p className="text-lg font-semibold">Postil</p>
          <p className="text-sm text-ink-2">Notes in the margin of your model's work.</p>
        </div>
        <h1 className="mb-4 text-lg font-semibold">{title}</h1>
        {children}
      </div>
    </main>
  );
}

export function Labelled({
  label,
  id,
  hint,
  children,
}: {
  label: string;
  id: string;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children}
      {hint && <p className="mt-1 text-xs text-ink-2">{hint}</p>}
    </div>
  );
}

/** Only paths of our own are followed after signing in. */
export const safeNext = (next: string | undefined): string => (next && /^\/(?![/\\])/.test(next) ? next : "/");

export function SignIn() {
  const { next } = useSearch({ strict: false });
  const { token: inPath } = useParams({ strict: false });
  const [token] = useState(() => inPath ?? new URLSearchParams(window.location.hash.slice(1)).get("token"));
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const enter = (attempt: Promise<unknown>) => {
    setBusy(true);
    setError(null);
    attempt.then(
      // The page is replaced, so that the secret of a link does not stay in the history of the browser.
      () => window.location.replace(safeNext(next)),
      (cause) => {
        setBusy(false);
        setError(asApiError(cause));
      },
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter(session.signIn(email, password));
  };
  const viaLink = token !== null && error === null;
  return (
    <Door title={viaLink ? "Your sign-in link" : "Sign in"}>
      {viaLink ? (
        <>
          <p className="mb-4 text-ink-2">This link signs you in once.</p>
          <Button
            look="primary"
            className="w-full"
            autoFocus
            disabled={busy}
            onClick={() => enter(session.signInByLink(token))}
          >
            {busy ? "Signing in…" : "Sign in with this link"}
          </Button>
        </>
      ) : (
        <form onSubmit={submit}>
          <Labelled label="E-mail" id="email">
            <input
              id="email"
              type="email"
              autoComplete="username"
              required
              // biome-ignore lint/a11y/noAutofocus: the page has one thing to do
              autoFocus
              className="field"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </Labelled>
          <Labelled label="Password" id="password">
            <input
              id="password"
              type="password"
              autoComplete="current-password"
              required
              className="field"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Labelled>
          {error && (
            <div className="mb-4">
              <ErrorLine error={error} />
            </div>
          )}
          <Button look="primary" type="submit" className="w-full" disabled={busy}>
            {busy ? "Signing in…" : "Sign in"}
          </Button>
          <p className="mt-4 text-sm text-ink-2">
            Lost your password? Whoever runs this server can make you a link that signs you in.
          </p>
        </form>
      )}
    </Door>
  );
}
