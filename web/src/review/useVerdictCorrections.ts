import { useQueryClient } from "@tanstack/react-query";
import type { AnswerValue } from "../api/types";
import { useHere } from "../app/project";

/** Puts another verdict in the place of a machine's, and takes that back. */
export function useVerdictCorrections(traceId: string, spanId: string) {
  const { api, me, project } = useHere();
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: [project.key, "annotations", traceId, spanId] });
  return {
    correct: async (verdict: string, value: AnswerValue, explanation: string) => {
      await api.correctVerdict(traceId, spanId, verdict, value, explanation);
      await again();
    },
    takeCorrectionBack: async (verdict: string) => {
      await api.removeVerdictCorrection(traceId, spanId, verdict, me.member?.id ?? me.key?.id ?? "");
      await again();
    },
  };
}
