import { useNavigate } from "@tanstack/react-router";
import { Workflow } from "lucide-react";
import { may, useHere } from "../app/project";
import { useKeyName } from "../keys/keymap";
import { useCommand } from "../keys/useCommand";
import { Button } from "../ui/Button";

/** Takes the filter of the list of traces over into a new automation. */
export function Automate({ filter }: { filter: string | undefined }) {
  const here = useHere();
  const navigate = useNavigate();
  const key = useKeyName("automate-filter");
  const defines = may(here, "define");
  const go = () =>
    void navigate({
      to: "/p/$project/automations/$automation",
      params: { project: here.project.key, automation: "new" },
      search: filter ? { q: filter } : {},
    });
  useCommand("automate-filter", go, { when: defines });
  if (!defines) return null;
  return (
    <Button
      look="plain"
      aria-label="Automate this filter"
      title={key ? `Automate this filter (${key})` : "Automate this filter"}
      onClick={go}
      className="max-sm:h-10"
    >
      <Workflow size={16} aria-hidden />
      <span className="max-lg:hidden">Automate</span>
    </Button>
  );
}
