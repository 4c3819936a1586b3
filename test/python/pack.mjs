// Writes a snapshot and a batch for read_msgpack.py, and the values that it must read as JSON.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VectorEnv } from 'ghostexec';

const folder = process.argv[2] ?? '.';
const env = await VectorEnv.create({ numEnvs: 5, workers: 2, seed: 7, autoreset: 'same_step' });
await env.reset();
let batch = await env.step(env.envIds.map(() => '{"action_type": "archive_email", "email_id": "e01"}'));
for (let step = 1; step < 8; step++) batch = await env.step(env.envIds.map(() => ({ action_type: 'do_nothing' })));
writeFileSync(join(folder, 'snapshot.msgpack'), await env.snapshot());
writeFileSync(join(folder, 'batch.msgpack'), batch.toMsgpack());
writeFileSync(
  join(folder, 'expected.json'),
  JSON.stringify({
    env_ids: batch.envIds,
    reward: [...batch.reward],
    truncated: Array.from(batch.truncated, Boolean),
    briefing: batch.briefings(),
    info: batch.envIds.map((_, row) => batch.info(row)),
    final: batch.envIds.map((_, row) => {
      const final = batch.final(row);
      return final === undefined ? null : { briefing: final.briefing, info: final.info };
    }),
  }),
);
await env.close();
