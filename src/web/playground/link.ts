/** Links to an episode: task, drift, ruleset, reward mode, seed and the actions so far, in the fragment of the address. */
import type { EpisodeInput, WireEpisode } from '../../server/web/api.ts';

// Packs JSON into a short text for the address of a page: deflated, in base64url.

/** Maximum number of characters after unpacking, so that a link cannot fill the memory. */
const MOST = 8_000_000;

export async function pack(value: unknown): Promise<string> {
  const packed = await new Response(through(JSON.stringify(value), new CompressionStream('deflate'))).arrayBuffer();
  let text = '';
  for (const byte of new Uint8Array(packed)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws Error if the text is damaged */
export async function unpack(text: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let json = '';
  const reader = through(bytes, new DecompressionStream('deflate')).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    json += decoder.decode(part.value, { stream: true });
    if (json.length > MOST) {
      await reader.cancel();
      throw new RangeError('the text is too long');
    }
  }
  return JSON.parse(json + decoder.decode());
}

function through(
  content: string | Uint8Array<ArrayBuffer>,
  change: CompressionStream | DecompressionStream,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([content]).stream().pipeThrough(change);
}

/** Documents and actions, which are too large for plain parameters. */
type Packed = { readonly actions?: unknown; readonly scenario?: unknown; readonly drift?: unknown };

const MAX_ACTIONS = 1_000;

/** Returns the fragment, without its `#`. */
export async function writeLink(episode: WireEpisode, actions: readonly unknown[], at: number): Promise<string> {
  const { task_id, rules, reward_mode, seed, drift, scenario } = episode;
  const link = new URLSearchParams({ task: task_id, rules, reward: reward_mode, seed: String(seed) });
  const packed: Record<string, unknown> = {};
  if (drift === false) link.set('drift', 'none');
  else if (typeof drift === 'string') link.set('drift', drift);
  else if (drift !== undefined) packed.drift = drift;
  if (scenario !== undefined) packed.scenario = scenario;
  if (actions.length > 0) packed.actions = actions;
  if (at !== actions.length) link.set('at', String(at));
  if (Object.keys(packed).length > 0) link.set('play', await pack(packed));
  return link.toString();
}

/** Reads a fragment, with or without its `#`. Damaged parts are left out and named in `damage`. Undefined for an empty fragment. */
export async function readLink(fragment: string) {
  const link = new URLSearchParams(fragment.replace(/^#/, ''));
  const task = link.get('task');
  if (task === null) return undefined;
  const damaged: string[] = [];
  const packed = await readPacked(link.get('play'));
  if (packed === undefined) damaged.push('its actions');
  const { actions, scenario, drift = link.get('drift') ?? undefined } = packed ?? {};
  if (actions !== undefined && !isActionList(actions)) damaged.push('its actions');
  const seed = numberIn(link.get('seed'));
  if (link.has('seed') && seed === undefined) damaged.push('its seed');
  const rules = oneOf(link.get('rules'), ['v1', 'v2'] as const);
  if (link.has('rules') && rules === undefined) damaged.push('its ruleset');
  const mode = oneOf(link.get('reward'), ['full', 'base', 'shaping'] as const);
  if (link.has('reward') && mode === undefined) damaged.push('its reward mode');
  const episode: EpisodeInput = {
    task_id: task,
    ...(rules !== undefined && { rules }),
    ...(mode !== undefined && { reward_mode: mode }),
    ...(seed !== undefined && { seed }),
    ...(drift !== undefined && { drift }),
    ...(scenario !== undefined && { scenario }),
  };
  return {
    episode,
    /** Actions of the whole branch, from the beginning. */
    actions: isActionList(actions) ? actions : [],
    /** Current step; undefined for the last one. */
    at: numberIn(link.get('at')),
    damage: damaged.length === 0 ? undefined : `This link is damaged: ${damaged.join(', ')} could not be read.`,
  };
}

/** Undefined if the text is missing or damaged. */
async function readPacked(text: string | null): Promise<Packed | undefined> {
  if (text === null) return {};
  try {
    const value = await unpack(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isActionList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length <= MAX_ACTIONS;
}

function numberIn(text: string | null): number | undefined {
  if (text === null || !/^\d{1,16}$/.test(text)) return undefined;
  return Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

function oneOf<T extends string>(text: string | null, known: readonly T[]): T | undefined {
  return known.find((one) => one === text);
}
