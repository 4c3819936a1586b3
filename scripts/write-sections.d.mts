/** Types of write-sections.mjs. */
export function compileSections(): Promise<string>;
