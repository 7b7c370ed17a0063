import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    // Inlined images and preload helpers would need looser rules of the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` beside a running `postil serve`.
    proxy: Object.fromEntries(["/v1", "/v2", "/v3", "/api"].map((path) => [path, "http://127.0.0.1:7700"])),
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
