/** The files that a dataset can leave as, what each is for, and what each leaves out. */
export const FORMATS = [
  {
    id: "jsonl",
    name: "JSON lines",
    about: "Everything, one datapoint a line. Nothing is left out.",
  },
  {
    id: "csv",
    name: "CSV",
    about: "Everything as a table for spreadsheets; messages and inputs as JSON in a field. Nothing is left out.",
  },
  {
    id: "openai",
    name: "Chat fine-tuning",
    about:
      "Conversations that end with the expected output, for OpenAI and TRL’s SFT. Without an expected output: left out.",
  },
  {
    id: "dpo",
    name: "Preference pairs (DPO)",
    about: "The correction is chosen, what was answered rejected, as TRL reads them. What nobody corrected: left out.",
  },
  {
    id: "kto",
    name: "Good and bad answers (KTO)",
    about: "Answers with a verdict, from ratings and corrections, as TRL reads them. What nobody judged: left out.",
  },
] as const;

export type FormatId = (typeof FORMATS)[number]["id"];

/** The name of a file, of letters that every system takes. */
export function fileName(name: string, format: FormatId, split: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}_-]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const parts = [plain || "dataset", format === "jsonl" || format === "csv" ? "" : format, split].filter(Boolean);
  return `${parts.join(".")}.${format === "csv" ? "csv" : "jsonl"}`;
}
