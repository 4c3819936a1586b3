/** Runs commands in this process, with streams of the test. */
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { run } from '../../src/cli/program.ts';

export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a command to its end. @param input What it can read from stdin. */
export async function cli(args: readonly string[], input = ''): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async (stream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    return text;
  });
  const code = await run(args, { stdin: Readable.from([input]), stdout, stderr });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { code, out, err };
}

type Terminal = {
  /** What the command has written. */
  readonly out: string;
  readonly code: Promise<number>;
  /** Waits until the command has written a text since the last keys, then presses keys. */
  press(after: string, ...keys: string[]): Promise<void>;
};

/** Starts a command at a terminal of 80 columns and 24 rows. */
export function openTerminal(args: readonly string[]): Terminal {
  const terminal = { isTTY: true, columns: 80, rows: 24, setRawMode: () => {} };
  const [stdin, stdout] = [new PassThrough(), new PassThrough().setEncoding('utf8')].map((stream) =>
    Object.assign(stream, terminal),
  ) as [PassThrough & typeof terminal, PassThrough & typeof terminal];
  let out = '';
  let from = 0;
  let wake = (): void => {};
  stdout.on('data', (chunk: string) => {
    out += chunk;
    wake();
  });
  let hasEnded = false;
  const code = run(args, { stdin, stdout, stderr: stdout }).finally(() => {
    hasEnded = true;
    wake();
  });
  return {
    code,
    get out() {
      return out;
    },
    async press(after, ...keys) {
      while (!out.includes(after, from)) {
        if (hasEnded) throw new Error(`it ended before ${JSON.stringify(after)}: ${out.slice(from)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      from = out.length;
      for (const key of keys) {
        stdin.write(key);
        await setImmediate();
      }
    },
  };
}
