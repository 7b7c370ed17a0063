/** Every command of the app: one table for the key handler, the key sheet, the palette, the tooltips and the docs. */
export interface CommandInfo {
  label: string;
  group: "Everywhere" | "Traces" | "Reading" | "Judging" | "Logs" | "Reviewing" | "Datasets" | "Automations";
  keys: readonly string[];
}

export const COMMANDS = {
  palette: { label: "Search and run commands", group: "Everywhere", keys: ["mod+k"] },
  "key-sheet": { label: "Show all keys", group: "Everywhere", keys: ["?"] },
  theme: { label: "Switch between light and dark", group: "Everywhere", keys: ["shift+t"] },
  "go-traces": { label: "Go to traces", group: "Everywhere", keys: ["ctrl+alt+1"] },
  "go-logs": { label: "Go to logs", group: "Everywhere", keys: ["ctrl+alt+2"] },
  "go-queues": { label: "Go to queues", group: "Everywhere", keys: ["ctrl+alt+3"] },
  "go-datasets": { label: "Go to datasets", group: "Everywhere", keys: ["ctrl+alt+4"] },
  "go-automations": { label: "Go to automations", group: "Everywhere", keys: ["ctrl+alt+5"] },
  "go-settings": { label: "Go to settings", group: "Everywhere", keys: ["ctrl+alt+7"] },
  filter: { label: "Filter", group: "Traces", keys: ["/", "f"] },
  "next-trace": { label: "Next trace", group: "Traces", keys: ["j", "ArrowRight"] },
  "previous-trace": { label: "Previous trace", group: "Traces", keys: ["k", "ArrowLeft"] },
  "open-trace": { label: "Open the marked trace", group: "Traces", keys: ["Enter"] },
  "close-trace": { label: "Close the trace, or end the selection", group: "Traces", keys: ["Escape"] },
  "toggle-list": { label: "Show or hide the list beside a trace", group: "Traces", keys: ["\\"] },
  select: { label: "Select or leave out the marked trace", group: "Traces", keys: ["x"] },
  "select-matching": { label: "Select all that match", group: "Traces", keys: ["mod+a"] },
  "annotate-selected": { label: "Annotate the selected traces", group: "Traces", keys: ["a"] },
  "automate-filter": { label: "Automate this filter", group: "Traces", keys: ["shift+a"] },
  density: { label: "Switch row height", group: "Traces", keys: ["shift+d"] },
  "next-span": { label: "Next span", group: "Reading", keys: ["shift+j"] },
  "previous-span": { label: "Previous span", group: "Reading", keys: ["shift+k"] },
  "next-message": { label: "Next message", group: "Reading", keys: ["]"] },
  "previous-message": { label: "Previous message", group: "Reading", keys: ["["] },
  "first-message": { label: "First message", group: "Reading", keys: ["g"] },
  "last-message": { label: "Last message", group: "Reading", keys: ["shift+g"] },
  raw: { label: "Rendered or raw", group: "Reading", keys: ["r"] },
  "copy-link": { label: "Copy a link to this span", group: "Reading", keys: ["shift+l"] },
  "next-question": { label: "Next question", group: "Judging", keys: ["ArrowDown"] },
  "previous-question": { label: "Previous question", group: "Judging", keys: ["ArrowUp"] },
  "option-1": { label: "Choose option 1", group: "Judging", keys: ["1"] },
  "option-2": { label: "Choose option 2", group: "Judging", keys: ["2"] },
  "option-3": { label: "Choose option 3", group: "Judging", keys: ["3"] },
  "option-4": { label: "Choose option 4", group: "Judging", keys: ["4"] },
  "option-5": { label: "Choose option 5", group: "Judging", keys: ["5"] },
  "option-6": { label: "Choose option 6", group: "Judging", keys: ["6"] },
  "option-7": { label: "Choose option 7", group: "Judging", keys: ["7"] },
  "option-8": { label: "Choose option 8", group: "Judging", keys: ["8"] },
  "option-9": { label: "Choose option 9", group: "Judging", keys: ["9"] },
  "option-10": { label: "Choose option 10", group: "Judging", keys: ["0"] },
  undo: { label: "Undo the last answer", group: "Judging", keys: ["z", "mod+z"] },
  "add-to-queue": { label: "Add to a queue", group: "Judging", keys: ["q"] },
  "add-to-dataset": { label: "Add to a dataset", group: "Judging", keys: ["d"] },
  "next-log": { label: "Next log", group: "Logs", keys: ["j", "ArrowRight"] },
  "previous-log": { label: "Previous log", group: "Logs", keys: ["k", "ArrowLeft"] },
  correct: { label: "Correct the answer", group: "Logs", keys: ["e"] },
  "save-correction": { label: "Save the correction", group: "Logs", keys: ["mod+Enter"] },
  "submit-item": { label: "Begin; submit, and go to the next item", group: "Reviewing", keys: ["mod+Enter", "Enter"] },
  "submit-changes": { label: "Submit changes that were left behind", group: "Reviewing", keys: ["shift+Enter"] },
  "skip-item": { label: "Skip the item: it comes back last", group: "Reviewing", keys: ["s"] },
  "decline-item": { label: "Decline the item, with a reason", group: "Reviewing", keys: ["x"] },
  "previous-item": { label: "Back to the item before", group: "Reviewing", keys: ["k", "ArrowLeft"] },
  "next-item": { label: "On to the item after", group: "Reviewing", keys: ["j", "ArrowRight"] },
  redo: { label: "Do what was undone again", group: "Reviewing", keys: ["shift+z", "mod+shift+z"] },
  "correct-item": { label: "Correct the answer", group: "Reviewing", keys: ["e"] },
  note: { label: "Write a note", group: "Reviewing", keys: ["n", "c"] },
  flag: { label: "Flag the item, or take the flag back", group: "Reviewing", keys: ["f"] },
  "whole-trace": { label: "Show or hide the whole trace", group: "Reviewing", keys: ["t"] },
  diff: { label: "Show or hide what a correction changed", group: "Reviewing", keys: ["v"] },
  instructions: { label: "Show the instructions", group: "Reviewing", keys: ["i"] },
  "close-panel": { label: "Close what was opened", group: "Reviewing", keys: ["Escape"] },
  "next-datapoint": { label: "Next datapoint", group: "Datasets", keys: ["j", "ArrowRight"] },
  "previous-datapoint": { label: "Previous datapoint", group: "Datasets", keys: ["k", "ArrowLeft"] },
  "open-datapoint": { label: "Open the marked datapoint", group: "Datasets", keys: ["Enter"] },
  "close-datapoint": { label: "Close the datapoint", group: "Datasets", keys: ["Escape"] },
  "new-datapoint": { label: "New datapoint", group: "Datasets", keys: ["n"] },
  "save-datapoint": { label: "Save the datapoint", group: "Datasets", keys: ["mod+Enter"] },
  "next-automation": { label: "Next automation, or run", group: "Automations", keys: ["j", "ArrowRight"] },
  "previous-automation": { label: "Previous automation, or run", group: "Automations", keys: ["k", "ArrowLeft"] },
  "open-automation": { label: "Open the marked automation, or trace", group: "Automations", keys: ["Enter"] },
  "close-automation": { label: "Back to the automations", group: "Automations", keys: ["Escape"] },
  "new-automation": { label: "New automation", group: "Automations", keys: ["n"] },
  "pause-automation": { label: "Pause the automation, or switch it on", group: "Automations", keys: ["p"] },
  "save-automation": { label: "Save the automation", group: "Automations", keys: ["mod+Enter"] },
  "save-and-back-fill": {
    label: "Save the automation, and back-fill",
    group: "Automations",
    keys: ["mod+shift+Enter"],
  },
  "back-fill": { label: "Back-fill", group: "Automations", keys: ["b"] },
  "add-action": { label: "Add an action", group: "Automations", keys: ["shift+a"] },
  "add-group": { label: "Add a group", group: "Automations", keys: ["shift+s"] },
  "run-log": { label: "Show the rule, or the run log", group: "Automations", keys: ["l"] },
  "delete-automation": { label: "Delete the automation", group: "Automations", keys: ["shift+Backspace"] },
} as const satisfies Record<string, CommandInfo>;

export type CommandId = keyof typeof COMMANDS;

export const COMMAND_IDS = Object.keys(COMMANDS) as CommandId[];

/** Whether the commands of a group belong to one kind of page: no two such groups are on the screen together. */
export const isOfOnePage = (group: CommandInfo["group"]): boolean =>
  ["Traces", "Logs", "Reviewing", "Datasets", "Automations"].includes(group);

/** The commands whose keys no other command may share, because both can act at once. */
export function overlap(one: CommandInfo, other: CommandInfo): boolean {
  return !(one.group !== other.group && isOfOnePage(one.group) && isOfOnePage(other.group));
}
