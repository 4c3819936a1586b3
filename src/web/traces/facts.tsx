/** The results of an episode in one line. */
import type { EpisodeSummary } from '../../rollout/records.ts';
import { difference, figure, toneOf } from './values.ts';

export function Facts({ summary }: { summary: EpisodeSummary }) {
  const { status, return: sum, grade, advantage, length, invalid_steps: invalid } = summary;
  const facts: [name: string, value: string, tone?: string][] = [
    ['Status', status, status === 'failed' ? 'bad-text' : ''],
    ['Return', difference(sum), toneOf(sum)],
    ['Grade', figure(grade)],
    ['Advantage', difference(advantage, 2), toneOf(advantage)],
    ['Steps', String(length)],
    ['Invalid', String(invalid), invalid > 0 ? 'bad-text' : ''],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, tone = '']) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
