/** Scenes of real episodes, as the playground gets them from a server. */
import type { EpisodeAnswer, EpisodeInput, PolicyScenes, WireScene } from '../../src/server/web/api.ts';

export async function post<T>(url: string, path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

export function play(url: string, episode: EpisodeInput, actions: readonly unknown[] = []): Promise<EpisodeAnswer> {
  return post<EpisodeAnswer>(url, '/web/api/episode', { episode, actions });
}

/** Plays an episode to its end with a policy. */
export async function playWith(url: string, episode: EpisodeInput, policy: string): Promise<EpisodeAnswer> {
  const begun = await play(url, episode);
  const asked = { episode: begun.episode, actions: [], policy, steps: 'rest' };
  const { scenes } = await post<PolicyScenes>(url, '/web/api/policy', asked);
  return { ...begun, scenes: [...begun.scenes, ...scenes] };
}

/**
 * @throws Error if there is no such scene
 */
export function sceneAt(scenes: readonly WireScene[], at: number): WireScene {
  const scene = scenes.at(at);
  if (scene === undefined) throw new Error(`there is no scene ${at}`);
  return scene;
}
