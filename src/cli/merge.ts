import { join } from 'node:path';
import { Command } from 'commander';
import { plural } from '../lib/text.ts';
import { mergeShards } from '../rollout/merge.ts';
import { MANIFEST, TRAJECTORIES } from '../rollout/run.ts';
import type { Io } from './io.ts';

export function mergeCommand({ stdout }: Io): Command {
  return new Command('merge')
    .description('Merge the shards of a rollout into one run, with the same bytes as on one machine.')
    .argument('<dir...>', 'the folders of all shards, in any order')
    .requiredOption('--out <dir>', 'folder for the merged run')
    .addHelpText('after', '\nExample:\n  $ ghostexec merge runs/a-1 runs/a-2 runs/a-3 --out runs/a')
    .action(async (folders: string[], { out }: { out: string }) => {
      const { episodes_written } = await mergeShards(folders, out);
      stdout.write(`${plural(episodes_written, 'episode')} of ${plural(folders.length, 'shard')}\n`);
      stdout.write(`${join(out, TRAJECTORIES)}, ${join(out, MANIFEST)}\n`);
    });
}
