import { KeyList } from "../keys/KeyList";
import { resetKeys, useKeymap } from "../keys/keymap";
import { Page } from "../settings/Page";
import { Button } from "../ui/Button";

/** Settings: which key does what. */
export function KeysPage() {
  const map = useKeymap();
  return (
    <Page
      title="Keys"
      about="Choose a key to change it, then press the new one; Escape leaves it. Keys keep quiet while you type. They are kept with your account."
      action={
        <Button onClick={resetKeys} disabled={Object.keys(map).length === 0}>
          Reset all keys
        </Button>
      }
    >
      <KeyList />
    </Page>
  );
}
