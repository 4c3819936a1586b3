/** The step that is shown. It is kept in the address. */
import { show } from './hooks.ts';
import { number, type View } from './link.ts';

export function useStep(view: View, last: number): readonly [step: number, setStep: (step: number) => void] {
  const step = Math.min(last, Math.max(0, number(view.step)));
  return [step, (to) => show({ ...view, step: to === 0 ? undefined : to }, 'same')];
}
