/**
 * If a process that runs tests ends by itself, the runner only reports that it did. This reporter adds its exit code or signal,
 * and the files that were running.
 */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const CHANNEL = 'child_process';

export default class LostProcessReporter implements Reporter {
  private readonly underWay = new Set<string>();

  private readonly watch = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    child.once('exit', (code, signal) => {
      // The runner ends processes that it no longer needs with SIGTERM.
      if (code === 0 || signal === 'SIGTERM') return;
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      process.stderr.write(
        `process ${child.pid} ended by ${how}; under way: ${[...this.underWay].join(', ') || 'none'}\n`,
      );
    });
  };

  onInit(): void {
    subscribe(CHANNEL, this.watch);
  }

  onTestModuleStart({ moduleId }: TestModule): void {
    this.underWay.add(relative(process.cwd(), moduleId));
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    this.underWay.delete(relative(process.cwd(), moduleId));
  }

  onTestRunEnd(): void {
    unsubscribe(CHANNEL, this.watch);
    if (this.underWay.size > 0) process.stderr.write(`not ended: ${[...this.underWay].join(', ')}\n`);
  }
}
