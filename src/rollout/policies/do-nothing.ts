import type { Policy } from '../actor.ts';

/** Lets every step pass: the floor that any other policy has to beat. */
export const doNothing: Policy = {
  name: 'do_nothing',
  start: () => ({ act: () => ({ action_type: 'do_nothing' }) }),
};
