// The TypeScript examples of the guide. No published client can send them as they stand: the list has to be under
// `requestBody`, and what stands beside it is dropped before it leaves the process. They must fail, and say so.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { orq, PACKAGE } from "../client.mjs";
import { EXAMPLES, KEY, URL_, annotations, ensureDefinitions, guide, hex, prepareExample, seed, stored } from "../support.mjs";

before(ensureDefinitions);

/** The example as a program: the client's name, the address and the ids are filled in, the rest stays. */
function program(name, span) {
  return guide(`${name}.ts`)
    .replace('"@orq-ai/node"', JSON.stringify(PACKAGE))
    .replace("apiKey: process.env.ORQ_API_KEY,", `apiKey: process.env.ORQ_API_KEY, serverURL: ${JSON.stringify(URL_)},`)
    .replace("<trace_id>", span.traceId)
    .replace("<span_id>", span.spanId);
}

function run(text) {
  const file = fileURLToPath(new URL(`../example-${hex(4)}.mjs`, import.meta.url));
  writeFileSync(file, text);
  return new Promise((resolve) => {
    execFile(process.execPath, [file], { env: { ...process.env, ORQ_API_KEY: KEY } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

for (const name of Object.keys(EXAMPLES)) {
  test(`the ${name} example as printed is 400, names requestBody and changes nothing`, async () => {
    const span = await seed();
    await prepareExample(span, name);
    const { code, stderr } = await run(program(name, span));
    assert.notEqual(code, 0, "the example must not look as if it had worked");
    assert.match(stderr, /Status 400/);
    assert.match(stderr, /requestBody/);
    assert.deepEqual(await stored(span), EXAMPLES[name].before ?? {});
  });

  test(`the ${name} example with its fields under requestBody works`, async () => {
    const span = await seed();
    await prepareExample(span, name);
    const text = program(name, span).replace(
      /(create|delete)\(\{\s*(traceId: "[^"]*"),\s*(spanId: "[^"]*"),([^]*?)\n\}\);/,
      (_, call, trace, id, rest) => `${call}({ ${trace}, ${id}, requestBody: {${rest} } });`);
    assert.match(text, /requestBody/);
    const { code, stdout, stderr } = await run(text);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "undefined\n");
    assert.deepEqual(await stored(span), EXAMPLES[name].stored);
    if (EXAMPLES[name].identity_id) {
      assert.deepEqual((await annotations(span)).map((row) => row.identity_id), [EXAMPLES[name].identity_id]);
    }
  });
}

test("the seed-style calls inside a program are refused the same way", async () => {
  const span = await seed();
  for (const call of [
    () => orq.annotations.create({ ...span, annotations: [{ key: "rating", value: "good" }] }),
    () => orq.annotations.create(span),
    () => orq.annotations.delete({ ...span, keys: ["rating"] }),
    () => orq.annotations.delete(span),
  ]) {
    const error = await call().then(() => assert.fail("answered"), (reason) => reason);
    assert.equal(error.statusCode, 400);
    assert.match(JSON.parse(error.body).message, /requestBody/);
  }
  assert.deepEqual(await stored(span), {});
});
