/** Colours of the style sheet for what is drawn on a canvas, in the scheme that holds at the moment. */
import { useEffect, useState } from 'preact/hooks';

export type Colours = Readonly<Record<'ink' | 'muted' | 'rule' | 'card' | 'accent' | 'good' | 'bad' | 'warn', string>>;
const NAMES = ['ink', 'muted', 'rule', 'card', 'accent', 'good', 'bad', 'warn'] as const;

/** `light-dark()` is resolved only where a colour is used. */
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

/** Read again when the person changes the scheme. */
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
