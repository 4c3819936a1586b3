/** A worker that answers every message with the way in which its thread may load modules. */
export default function run() {
  return { canRequireModules: process.features.require_module === true };
}
