import {
  BookOpen,
  Bot,
  Box,
  Diamond,
  FileText,
  Gavel,
  Hash,
  Link2,
  ListOrdered,
  type LucideIcon,
  MessageSquareText,
  ShieldCheck,
  Wrench,
} from "lucide-react";

const KINDS: Record<string, [LucideIcon, string]> = {
  llm: [MessageSquareText, "model call"],
  agent: [Bot, "agent"],
  tool: [Wrench, "tool"],
  chain: [Link2, "step"],
  retriever: [BookOpen, "retrieval"],
  embedding: [Hash, "embedding"],
  reranker: [ListOrdered, "reranking"],
  guardrail: [ShieldCheck, "guardrail"],
  evaluator: [Gavel, "evaluator"],
  prompt: [FileText, "prompt"],
  event: [Diamond, "event"],
};

export const kindName = (kind: string): string => KINDS[kind]?.[1] ?? "step";

export function KindIcon({ kind }: { kind: string }) {
  const [Icon, name] = KINDS[kind] ?? [Box, "step"];
  return <Icon size={14} role="img" aria-label={name} className="shrink-0 text-ink-3" />;
}
