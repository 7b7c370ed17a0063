import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { exportLines } from "./exportLines";
import { Start } from "./Start";

afterEach(cleanup);

describe("the first page", () => {
  it("shows the lines for the address it was loaded from", () => {
    render(<Start origin="https://postil.example.com" />);
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Postil");
    expect(screen.getByText(/OTEL_EXPORTER_OTLP_ENDPOINT=https:\/\/postil\.example\.com/)).toBeTruthy();
    expect(screen.getByText(/ORQ_API_URL=https:\/\/postil\.example\.com/)).toBeTruthy();
  });

  it("writes the key into a header as exporters read it", () => {
    expect(exportLines("http://h", "sk-1").openTelemetry[1]).toBe(
      'export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20sk-1"',
    );
  });
});
