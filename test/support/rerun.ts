/** The command that runs a test file again, in its tier. */
export function rerunOf(file: string): string {
  return `npx vitest run ${file.includes('.slow.') ? '--config vitest.slow.config.ts ' : ''}${file}`;
}
