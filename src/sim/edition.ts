/** The editions of the rulesets. This module imports nothing, so the pages can use it, too. */

/** The edition of each ruleset. A change of what the same actions are worth, or of what they do, makes the next edition. */
export const EDITIONS = { v1: 1, v2: 2 } as const;

/**
 * Says that a file belongs to another edition than this engine plays: `of edition 1 of rules v2; expected edition 2`. Returns
 * undefined if it does not, and for rules or editions that do not exist.
 * @param edition The edition in the file. Files of first editions may lack it.
 */
export function otherEdition(rules: unknown, edition: unknown = 1): string | undefined {
  if ((rules !== 'v1' && rules !== 'v2') || typeof edition !== 'number' || edition === EDITIONS[rules])
    return undefined;
  return `of edition ${edition} of rules ${rules}; expected edition ${EDITIONS[rules]}`;
}
