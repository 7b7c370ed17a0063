import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { settingsApi } from "../api";
import { asApiError } from "../api/error";
import type { Member } from "../api/settings";
import { may, useHere } from "../app/project";
import { IconButton } from "../ui/Button";
import { Confirm } from "../ui/Confirm";
import { Select } from "../ui/Field";
import { Menu, type MenuEntry } from "../ui/Menu";
import { Time } from "../ui/Time";
import { toast } from "../ui/Toast";
import { roleLabel, rolesUpTo, standsAbove } from "./roles";

/** One member: name, role, and what can be changed about them. */
export function MemberRow({ member, onChange }: { member: Member; onChange: () => Promise<unknown> }) {
  const here = useHere();
  const { me, project } = here;
  const api = settingsApi(project.project_id);
  const [removing, setRemoving] = useState<"project" | "workspace" | null>(null);
  const own = member.id === me.member?.id;
  const mine = me.member?.workspace_role;
  const everywhere = member.workspace_role;
  const changes = may(here, "admin") && standsAbove(project.role, member.role);
  const change = (body: Parameters<typeof api.changeMember>[1], said: string) =>
    void api.changeMember(member.id, body).then(
      async () => {
        await onChange();
        toast(said);
      },
      (cause) => toast(asApiError(cause).message, { bad: true }),
    );
  const inWorkspace = (role: "owner" | "admin" | "none", label: string): MenuEntry => ({
    id: role,
    label,
    run: () => change({ workspace_role: role }, `${member.display_name}: ${label.toLowerCase()}`),
  });
  const entries: MenuEntry[] = [];
  if (mine && standsAbove(mine, everywhere)) {
    if (everywhere !== "admin") entries.push(inWorkspace("admin", "Make admin of every project"));
    if (everywhere !== "owner" && mine === "owner") entries.push(inWorkspace("owner", "Make owner of every project"));
    if (everywhere) entries.push(inWorkspace("none", "Keep only roles in single projects"));
  }
  if (!own && !everywhere)
    entries.push({ id: "remove", label: "Remove from this project", run: () => setRemoving("project") });
  if (!own && mine && standsAbove(mine, everywhere))
    entries.push({ id: "remove-all", label: "Remove from the workspace", run: () => setRemoving("workspace") });
  return (
    <li className="flex min-h-14 items-center gap-2 border-b py-2 max-sm:flex-wrap sm:gap-3">
      <div className="min-w-0 flex-1 max-sm:basis-[70%]">
        <div className="truncate font-medium" title={member.display_name}>
          {member.display_name}
          {own && <span className="font-normal text-ink-2"> (you)</span>}
        </div>
        <div className="flex min-w-0 gap-2 text-xs text-ink-2">
          {member.email && (
            <span className="truncate" title={member.email}>
              {member.email}
            </span>
          )}
          {member.last_activity && (
            <span className="shrink-0">
              seen <Time iso={member.last_activity} />
            </span>
          )}
        </div>
      </div>
      {everywhere ? (
        <span className="text-sm text-ink-2 max-sm:order-3 max-sm:basis-full">
          {roleLabel(everywhere)} of every project
        </span>
      ) : changes ? (
        <Select
          aria-label={`Role of ${member.display_name}`}
          className="h-8 w-34! max-sm:order-3"
          value={member.role ?? ""}
          onChange={({ target }) =>
            change({ role: target.value }, `${member.display_name} is now ${roleLabel(target.value).toLowerCase()}`)
          }
          options={rolesUpTo(project.role).map(({ role, label }) => ({ value: role, label }))}
        />
      ) : (
        <span className="text-sm text-ink-2 max-sm:order-3 max-sm:basis-full">{roleLabel(member.role)}</span>
      )}
      {may(here, "admin") && (
        <span className="size-8 shrink-0 pointer-coarse:size-10">
          {changes && entries.length > 0 && (
            <Menu
              align="end"
              trigger={
                <IconButton name={`More for ${member.display_name}`}>
                  <Ellipsis size={16} aria-hidden />
                </IconButton>
              }
              entries={entries}
            />
          )}
        </span>
      )}
      <Confirm
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${member.display_name}?`}
        action="Remove"
        run={async () => {
          await api.removeMember(member.id, removing === "project");
          await onChange();
          toast(`${member.display_name} is removed`);
        }}
      >
        <p>
          {removing === "workspace"
            ? "They lose every project at once, are signed out everywhere, and their own API keys stop working."
            : `They lose ${project.name} at once. Other projects stay as they are.`}
        </p>
        <p>What they said stays, with their name.</p>
      </Confirm>
    </li>
  );
}
