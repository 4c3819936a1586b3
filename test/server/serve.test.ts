/** The options of `ghostexec serve`: its help, and values that it refuses before it starts a server. */
import { expect, test } from 'vitest';
import { type Env, FLAGS, fail, variableOf } from './support-serve.ts';

test('--help lists each option with its variable', async () => {
  const { code, out } = await fail(['--help']);
  expect(code).toBe(0);
  const text = out.replace(/\s+/g, ' ');
  for (const flag of FLAGS) {
    expect(text).toMatch(new RegExp(`--${flag} [<[]`));
    expect(text).toContain(`env: ${variableOf(flag)})`);
  }
  for (const name of ['host', 'port', 'max-sessions', 'episode-timeout', 'task', 'rules', 'reward-mode', 'api-key'])
    expect(FLAGS).toContain(name);
  expect(out).toMatch(/Examples:\n {2}\$ ghostexec serve\n/);
  expect(out).toContain('GHOSTEXEC_API_KEY');
});

test.each([
  [['--port', 'eight'], {}, ['--port', '"eight"']],
  [['--port', '0x50'], {}, ['--port', '0x50']],
  [['--max-envs', '1.5'], {}, ['--max-envs', '1.5']],
  [['--task', 'no_such_day'], {}, ['--task', 'no_such_day', 'phase2_core']],
  [['--rules', 'v9'], {}, ['--rules', 'v9', 'v2']],
  [['--host', ''], {}, ['--host']],
  [['extra'], {}, ['argument']],
  [[], { PORT: '1', GHOSTEXEC_PORT: 'eight' }, ['GHOSTEXEC_PORT', 'eight']],
  [['--oracle', 'perhaps'], {}, ['--oracle', '"perhaps"']],
  [[], { GHOSTEXEC_ORACLE: '' }, ['GHOSTEXEC_ORACLE', 'yes or no']],
  [[], { GHOSTEXEC_RATE_LIMIT: '' }, ['GHOSTEXEC_RATE_LIMIT', '""']],
  [['--mode', 'training'], {}, ['--mode', 'training', 'production']],
  [[], { GHOSTEXEC_MODE: 'production' }, ['--trainer-key', 'GHOSTEXEC_TRAINER_KEY']],
  [['--trainer-key', 'a'], {}, ['trainerKey', '--mode production']],
  [['--allow-host', 'a.example:80'], {}, ['--allow-host', '"a.example:80"', 'without a port']],
  [[], { GHOSTEXEC_ALLOW_ORIGIN: '*,a.example' }, ['GHOSTEXEC_ALLOW_ORIGIN', '"a.example"', 'https://a.example']],
] as [string[], Env, string[]][])('flags %j and variables %j: exit 2, with the reason', async (args, env, quoted) => {
  const { code, out, err } = await fail(args, env);
  expect(code).toBe(2);
  expect(out).toBe('');
  for (const part of quoted) expect(err).toContain(part);
});

test('an unusable key is not shown', async () => {
  const refusals = [
    await fail([], { GHOSTEXEC_API_KEY: 'hunter2 hunter2' }),
    await fail(['--api-key', 'h\u00fcnter2']),
    await fail([], { GHOSTEXEC_API_KEY: '' }),
    await fail([], { GHOSTEXEC_SNAPSHOT_KEY: 'hunter2' }),
    await fail(['--snapshot-key', 'hunter2 '.repeat(8)]),
    await fail(['--snapshot-key', '']),
    await fail(['--mode', 'production'], { GHOSTEXEC_TRAINER_KEY: 'hunter2 hunter2' }),
  ];
  const names = [
    'GHOSTEXEC_API_KEY',
    '--snapshot-key or GHOSTEXEC_SNAPSHOT_KEY',
    '--trainer-key or GHOSTEXEC_TRAINER_KEY',
  ];
  for (const [at, { code, err }] of refusals.entries()) {
    expect(code).toBe(2);
    expect(err).toContain(names[Math.floor(at / 3)]);
    expect(err).not.toContain('nter2');
  }
});
