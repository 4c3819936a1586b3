/** The curves of the chart over the steps of an episode. Pure. */
import type { Scene } from '../../rollout/replay/scene.ts';

export type Curve = { readonly name: string; readonly values: readonly number[] };
export type Curves = { readonly title: string; readonly steps: readonly number[]; readonly curves: readonly Curve[] };

const CHANNELS = ['conflict', 'relationship', 'task'] as const;

/** Rules v2: the three potentials and V. Rules v1 have no potentials: the sums of the three channels. */
export function curvesOf(scenes: readonly Scene[]): Curves {
  const steps = scenes.map(({ step }) => step);
  if (scenes.some(({ potentials }) => potentials === null)) {
    const curves = CHANNELS.map((name) => {
      let sum = 0;
      return { name, values: scenes.map(({ breakdown }) => (sum += breakdown?.[name] ?? 0)) };
    });
    return { title: 'Sums of the channels', steps, curves };
  }
  const curves = [...CHANNELS, 'value' as const].map((name) => ({
    name: name === 'value' ? 'V' : name,
    values: scenes.map(({ potentials }) => potentials?.[name] ?? 0),
  }));
  return { title: 'Potentials and V', steps, curves };
}
