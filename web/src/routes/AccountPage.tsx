import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { Monitor, Moon, Sun } from "lucide-react";
import { type FormEvent, useState } from "react";
import { session } from "../api";
import { meQuery } from "../app/me";
import { useHere } from "../app/project";
import { Page, Section } from "../settings/Page";
import { roleLabel } from "../settings/roles";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Field } from "../ui/Field";
import { ErrorLine } from "../ui/State";
import { toast } from "../ui/Toast";
import { chooseTheme, type Theme, useTheme } from "../ui/theme";
import { useWork } from "../ui/useWork";

/** Settings: oneself. */
export function AccountPage() {
  const { me, project } = useHere();
  return (
    <Page
      title="Account"
      about={`${me.member?.email ?? me.key?.name ?? ""}, ${roleLabel(project.role).toLowerCase()} of ${project.name}`}
    >
      <Section title="Profile">
        <Name />
      </Section>
      <Section title="Theme" about="Kept in this browser.">
        <ThemeChoice />
      </Section>
      <Section title="Password" about="A change signs you out everywhere but here.">
        <Password />
      </Section>
      <Section title="Sessions" about="Ends every session of yours, in this browser and in all others.">
        <SignOutEverywhere />
      </Section>
    </Page>
  );
}

function Name() {
  const { me, project } = useHere();
  const client = useQueryClient();
  const router = useRouter();
  const [name, setName] = useState(me.member?.display_name ?? "");
  const { busy, error, run } = useWork();
  const changes = me.member !== undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await session.changeMe({ display_name: name.trim() });
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
      await client.invalidateQueries({ queryKey: [project.key, "members"] });
      await router.invalidate();
      toast("Saved");
    });
  };
  return (
    <form onSubmit={submit} className="max-w-100">
      <Field label="Your name" id="own-name" error={error?.message} hint="Shown beside what you say.">
        <input
          id="own-name"
          autoComplete="name"
          className="field"
          maxLength={100}
          disabled={!changes}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      {changes && (
        <Button type="submit" disabled={busy || name.trim() === "" || name.trim() === me.member?.display_name}>
          Save the name
        </Button>
      )}
    </form>
  );
}

const THEMES: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: "system", label: "As the system", icon: Monitor },
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
];

function ThemeChoice() {
  const { chosen } = useTheme();
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="sr-only">Theme</legend>
      {THEMES.map(({ theme, label, icon: Icon }) => (
        <label
          key={theme}
          className={cx(
            "flex h-9 cursor-pointer items-center gap-2 rounded-[6px] border px-3 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent",
            theme === chosen
              ? "border-accent bg-accent-soft font-medium"
              : "border-line-strong bg-sheet hover:bg-hover",
          )}
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={theme === chosen}
            onChange={() => chooseTheme(theme)}
          />
          <Icon size={16} aria-hidden />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

function Password() {
  const { me } = useHere();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { busy, error, run } = useWork();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await session.changePassword({ new_password: next, ...(current ? { current_password: current } : {}) });
      setCurrent("");
      setNext("");
      toast("Your password is changed");
    });
  };
  const wrong = (field: string) => (error?.field === field ? error.message : undefined);
  return (
    <form onSubmit={submit} className="max-w-100">
      {/* Password managers keep the two together. */}
      <input type="hidden" autoComplete="username" value={me.member?.email ?? ""} />
      <Field
        label="Current password"
        id="current-password"
        error={wrong("current_password")}
        hint="Empty, if you have none yet because a link signed you in."
      >
        <input
          id="current-password"
          type="password"
          autoComplete="current-password"
          className="field"
          aria-invalid={wrong("current_password") !== undefined}
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
      </Field>
      <Field label="New password" id="new-password" error={wrong("new_password")}>
        <input
          id="new-password"
          type="password"
          autoComplete="new-password"
          required
          className="field"
          aria-invalid={wrong("new_password") !== undefined}
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
      </Field>
      {error && !wrong("current_password") && !wrong("new_password") && (
        <div className="mb-4">
          <ErrorLine error={error} />
        </div>
      )}
      <Button type="submit" disabled={busy || next === ""}>
        Change the password
      </Button>
    </form>
  );
}

function SignOutEverywhere() {
  const { busy, error, run } = useWork();
  const leave = () =>
    void run(async () => {
      await session.signOutEverywhere();
      window.location.assign("/sign-in");
    });
  return (
    <>
      {error && <ErrorLine error={error} />}
      <Button look="danger" disabled={busy} onClick={leave}>
        Sign out everywhere
      </Button>
    </>
  );
}
