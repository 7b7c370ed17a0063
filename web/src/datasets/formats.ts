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
    id: "parquet",
    name: "Parquet",
    about:
      "Everything as a table with types, for pandas and its like; messages and inputs as JSON. Nothing is left out.",
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
  {
    id: "huggingface",
    name: "Hugging Face folder",
    about: "A zip with a file for each part and a card that names them, as load_dataset reads it.",
  },
] as const;

/** What the files of a Hugging Face folder hold. */
export const FILES = [
  { value: "jsonl", label: "Everything, as JSON lines" },
  { value: "parquet", label: "Everything, as Parquet" },
  { value: "openai", label: "Chat fine-tuning" },
  { value: "dpo", label: "Preference pairs (DPO)" },
  { value: "kto", label: "Good and bad answers (KTO)" },
];

const ENDINGS: Partial<Record<string, string>> = { csv: "csv", parquet: "parquet", huggingface: "zip" };

export type FormatId = (typeof FORMATS)[number]["id"];

/** The name of a file, of letters that every system takes. */
export function fileName(name: string, format: FormatId, split: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}_-]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const trained = ["openai", "dpo", "kto"].includes(format) ? format : "";
  const parts = [plain || "dataset", trained, split].filter(Boolean);
  return `${parts.join(".")}.${ENDINGS[format] ?? "jsonl"}`;
}
