import { exportLines } from "./exportLines";

/** The first page: how to send the first trace. */
export function Start({ origin }: { origin: string }) {
  return (
    <main>
      <h1>Postil</h1>
      <p>Traces in, human judgement on them, data out.</p>
      <h2>Point an application at this server</h2>
      <p>
        Put an API key in the place of <code>YOUR_KEY</code>. The first start prints one; <code>postil key create</code>{" "}
        makes more.
      </p>
      <h3>OpenTelemetry</h3>
      <pre>{exportLines(origin, "YOUR_KEY").openTelemetry.join("\n")}</pre>
      <h3>orq SDK</h3>
      <pre>{exportLines(origin, "YOUR_KEY").orq.join("\n")}</pre>
      <p>
        <a href="/docs">API</a>
      </p>
    </main>
  );
}
