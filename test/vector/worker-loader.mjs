/** A worker that answers every command with the way in which its thread may load modules. */
export default function run() {
  return { finals: [], saved: [], canRequireModules: process.features.require_module === true };
}
