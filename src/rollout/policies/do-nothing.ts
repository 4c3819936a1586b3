import type { BuiltInPolicy } from '../built-in.ts';

/** Lets every step pass. Any other policy should beat it. */
export const doNothing: BuiltInPolicy = {
  name: 'do_nothing',
  start: () => ({ act: () => ({ action_type: 'do_nothing' }) }),
  begin: () => () => ({ action_type: 'do_nothing' }),
};
