/**
 * npm run wasm: compiles src/sim/observation/assembly and writes src/sim/observation/program.ts. The compiled program is a part of the
 * sources, so that users need not compile it or read it from a file.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const from = new URL('../src/sim/observation/assembly/', import.meta.url);
const to = new URL('../src/sim/observation/program.ts', import.meta.url);

/** The program in base64. */
export async function compileSections() {
  let program;
  const options = ['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--importMemory'];
  const { error, stderr } = await asc.main(
    ['sections.ts', '--outFile', 'program.wasm', '--runtime', 'stub', '--enable', 'simd', ...options],
    {
      readFile: (name) => (existsSync(new URL(name, from)) ? readFileSync(new URL(name, from), 'utf8') : null),
      writeFile: (_, contents) => {
        program = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(stderr.toString(), { cause: error });
  return Buffer.from(program).toString('base64');
}

if (process.argv[1] === import.meta.filename) {
  const lines = (await compileSections()).match(/.{1,100}/g).map((line) => `  '${line}'`);
  writeFileSync(
    to,
    `/** Written by npm run wasm from assembly/sections.ts: the program in base64. */\nexport const PROGRAM =\n${lines.join(' +\n')};\n`,
  );
}
