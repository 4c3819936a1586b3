/**
 * Node options of every worker thread. Piscina first loads a module by `require`. If Node can `require` an ES module, a thread
 * that is terminated during the load aborts the whole process (`v8::Module::IsGraphAsync`, seen under Node 20.20). Without that
 * feature Piscina falls back to `import`, which can be interrupted at any time.
 */
const FEATURE = '--experimental-require-module';

export const WORKER_ARGUMENTS: readonly string[] = process.allowedNodeEnvironmentFlags.has(FEATURE)
  ? ['--no-experimental-require-module']
  : [];
