/**
 * npm run wasm: compiles src/lib/gather.wat and writes src/lib/gather-code.ts. The compiled program is part of the
 * sources, so that nothing has to be compiled or read from a file where it is used.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import makeWabt from 'wabt';

const from = new URL('../src/lib/gather.wat', import.meta.url);
const to = new URL('../src/lib/gather-code.ts', import.meta.url);

/** The program in base64. */
export async function compileGather() {
  const wabt = await makeWabt();
  const parsed = wabt.parseWat('gather.wat', readFileSync(from, 'utf8'), { simd: true });
  return Buffer.from(parsed.toBinary({}).buffer).toString('base64');
}

if (process.argv[1] === import.meta.filename) {
  const lines = (await compileGather()).match(/.{1,100}/g).map((line) => `  '${line}'`);
  writeFileSync(
    to,
    `/** Written by npm run wasm from gather.wat: the program in base64. */\nexport const GATHER =\n${lines.join(' +\n')};\n`,
  );
}
