/**
 * Node options of every worker thread. Piscina loads a module by `require` first. Where Node can `require` an ES module, a
 * thread that is terminated while it loads one aborts the whole process (`v8::Module::IsGraphAsync`, seen under Node 20.20);
 * without that feature Piscina falls back to `import`, which can be ended at any moment.
 */
const FEATURE = '--experimental-require-module';

export const WORKER_ARGUMENTS: readonly string[] = process.allowedNodeEnvironmentFlags.has(FEATURE)
  ? ['--no-experimental-require-module']
  : [];
