/** Types of write-gather.mjs. */
export function compileGather(): Promise<string>;
