/** Colours of the style sheet for drawing on a canvas, in the current colour scheme. */
import { useEffect, useState } from 'preact/hooks';

export type Colours = Readonly<Record<'ink' | 'muted' | 'rule' | 'card' | 'accent' | 'good' | 'bad' | 'warn', string>>;
const NAMES = ['ink', 'muted', 'rule', 'card', 'accent', 'good', 'bad', 'warn'] as const;

/** Reads computed colours, because `light-dark()` is only resolved when a colour is used. */
function readColours(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  const colours = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours) as Colours;
}

/** Returns the colours, and updates them when the person changes the colour scheme. */
export function useColours(): Colours {
  const [colours, setColours] = useState(readColours);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const read = (): void => setColours(readColours());
    dark.addEventListener('change', read);
    return () => dark.removeEventListener('change', read);
  }, []);
  return colours;
}
