/** The players that the audit measures, and the kind of result that it expects of each. */
import type { BuiltInPolicy } from '../built-in.ts';
import { doNothing } from '../policies/do-nothing.ts';
import { greedy } from '../policies/greedy.ts';
import { random, randomValid } from '../policies/random.ts';
import { EXPLOITS, invalidOnly } from './exploits.ts';

export type PlayerKind = 'floor' | 'exploit' | 'random' | 'greedy' | 'oracle';

export type Player = {
  readonly name: string;
  readonly kind: PlayerKind;
  /** Whether its episodes depend on the seed. */
  readonly draws: boolean;
  /** Its policy. Undefined for the oracle, which plays the plan from the sidecar of its task. */
  readonly policy: BuiltInPolicy | undefined;
};

const player = (policy: BuiltInPolicy, kind: PlayerKind, draws = false): Player => ({
  name: policy.name,
  kind,
  draws,
  policy,
});

export const PLAYERS: readonly Player[] = [
  player(doNothing, 'floor'),
  player(invalidOnly, 'floor'),
  ...EXPLOITS.map((policy) => player(policy, 'exploit')),
  player(random, 'random', true),
  player(randomValid, 'random', true),
  player(greedy, 'greedy'),
  { name: 'oracle', kind: 'oracle', draws: false, policy: undefined },
];
