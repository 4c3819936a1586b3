/** Types of dockerfile.mjs. */
export type Step =
  | { kind: 'WORKDIR'; path: string }
  | { kind: 'COPY'; from: string | undefined; sources: string[]; to: string }
  | { kind: 'RUN'; commands: string[] }
  | { kind: 'ENV' | 'LABEL'; values: Record<string, string> }
  | { kind: 'USER'; user: string }
  | { kind: 'EXPOSE'; port: number }
  | { kind: 'HEALTHCHECK'; values: Record<string, string>; command: string[] }
  | { kind: 'ENTRYPOINT' | 'CMD'; command: string[] };
export type Stage = { image: string; name: string | undefined; steps: Step[] };
export function parseDockerfile(text: string): Stage[];
export function parseDockerignore(text: string): string[];
export function isLetIn(path: string, allowed: readonly string[]): boolean;
