/** The rulesets that exist. */
export const RULES = ['v1'] as const;
export type Rules = (typeof RULES)[number];
