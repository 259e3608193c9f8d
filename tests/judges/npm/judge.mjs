// The child's loop: one request a line, one verdict a line.
import { createInterface } from "node:readline";

import * as mdoc from "./mdoc.mjs";
import * as sdJwt from "./sd_jwt_vc.mjs";
import { Refusal } from "./verdicts.mjs";

const REFUSALS = [Refusal, ...sdJwt.REFUSALS, ...mdoc.REFUSALS];
const PREPARED = { ...sdJwt.PREPARED, ...mdoc.PREPARED };

async function measure({ of, times, ...parameters }) {
  const call = await PREPARED[of](parameters);
  await call();
  const started = process.cpuUsage();
  for (let done = 0; done < times; done += 1) {
    await call();
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6 / times;
}

const VERBS = { present: () => true, measure, ...sdJwt.VERBS, ...mdoc.VERBS };

async function verdict({ verb, ...parameters }) {
  try {
    return { answer: (await VERBS[verb](parameters)) ?? null };
  } catch (err) {
    const refused = REFUSALS.some((kind) => err instanceof kind);
    return refused ? { refused: err.constructor.name, why: String(err.message) } : { broken: String(err.stack) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await verdict(JSON.parse(line)))}\n`);
}
