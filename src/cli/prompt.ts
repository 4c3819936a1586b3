import { Command } from 'commander';
import { PROMPT_SHA256, systemPrompt } from '../sim/v2/prompt.ts';
import type { Io } from './io.ts';

export function promptCommand({ stdout }: Io): Command {
  return new Command('prompt')
    .description('Print the system prompt of rules v2: all that a policy must know besides its briefings.')
    .option('--json', 'print {prompt, sha256} as JSON; records and manifests have the hash as prompt_sha256')
    .addHelpText('after', '\nExamples:\n  $ ghostexec prompt > prompt.txt\n  $ ghostexec prompt --json')
    .action(({ json }: { json?: true }) => {
      const prompt = systemPrompt();
      stdout.write(json ? `${JSON.stringify({ prompt, sha256: PROMPT_SHA256 })}\n` : `${prompt}\n`);
    });
}
