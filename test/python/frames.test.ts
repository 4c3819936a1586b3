/** Python's msgpack reads msgpack answers as the same values of the same types. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { writeAnswer } from '../../src/server/batch/formats.ts';
import { resultRows } from '../../src/server/batch/outcome.ts';
import { outcomeOf } from '../server/support-batch.ts';
import { LADDER, vectorFactory } from '../vector/support.ts';

const create = vectorFactory();

test('Python reads frames', async () => {
  const vector = await create({ numEnvs: 30, tasks: [...LADDER], rules: 'v2', autoreset: 'same_step' });
  const outcome = await outcomeOf(vector, 20, true, new Set<'breakdown' | 'metadata'>(['breakdown', 'metadata']));
  const script =
    'import json, msgpack, sys\nprint(json.dumps(msgpack.unpackb(sys.stdin.buffer.read(), strict_map_key=True)))';
  const input = await writeAnswer('msgpack', { n: 1 }, outcome);
  const printed = execFileSync('/usr/bin/python3', ['-c', script], { input, maxBuffer: 2 ** 28, encoding: 'utf8' });
  // JSON keeps only one zero, so -0 and 0 are equal here.
  expect(JSON.stringify(JSON.parse(printed))).toBe(JSON.stringify({ n: 1, results: resultRows(outcome) }));
  // A double is written as a double even if its value is whole; an integer is never written as a double.
  const types =
    'import msgpack, sys\nr = msgpack.unpackb(sys.stdin.buffer.read())["results"]\n' +
    'print(sorted({type(v).__name__ for x in r if x["observation"] for v in [x["reward"], *(x["observation"]["reward_breakdown"] or {}).values()]}))\n' +
    'print(sorted({type(v).__name__ for x in r if x["observation"] for v in [x["env_id"], x["observation"]["seed"], x["observation"]["metadata"]["seed"], x["observation"]["episode"]]}))';
  expect(execFileSync('/usr/bin/python3', ['-c', types], { input, encoding: 'utf8' })).toBe("['float']\n['int']\n");
});
