import type { BuiltInPolicy } from '../built-in.ts';

/** Lets every step pass: the floor that any other policy has to beat. */
export const doNothing: BuiltInPolicy = {
  name: 'do_nothing',
  // It need not even read.
  start: () => ({ act: () => ({ action_type: 'do_nothing' }) }),
  begin: () => () => ({ action_type: 'do_nothing' }),
};
