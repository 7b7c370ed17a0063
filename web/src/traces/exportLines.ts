/** The lines of a shell that point an application at this server. */
export function exportLines(origin: string, key: string): { openTelemetry: string[]; orq: string[] } {
  return {
    openTelemetry: [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`,
      // The value of a header is percent-encoded there: a bare space would end it in some exporters.
      `export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20${key}"`,
      "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ],
    orq: [`export ORQ_API_URL=${origin}`, `export ORQ_API_KEY=${key}`],
  };
}
