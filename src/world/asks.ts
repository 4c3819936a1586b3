/** What an email asks for: the part of a scenario that answers are judged by (rules v2). */
import { z } from 'zod';

const phrase = z.string().min(1).max(120);
const phrases = z.array(phrase).min(1).max(60);
const anyPhrases = z.array(phrase).max(60).default([]);

/** The types of values. */
export const VALUE_TYPES = ['money', 'count', 'time', 'day', 'reference', 'name'] as const;

const shared = {
  id: z
    .string()
    .min(1)
    .max(80)
    .describe('A name for what is asked, used in explanations: "the cost of the second round"'),
  example: z.string().min(1).max(400).describe('An answer to this ask in plain words; the solver writes it'),
};

const timing = {
  today: z.boolean().default(false).describe('Whether it must be done today: another day is wrong'),
  before: z
    .string()
    .regex(/^\d\d:\d\d$/)
    .optional()
    .describe('The time of day before which it must be done: a later one is wrong'),
};

const valueAsk = z
  .strictObject({
    ...shared,
    kind: z.literal('value'),
    type: z
      .enum(VALUE_TYPES)
      .describe(
        'money and count: a number; time: a time of day; day: a date or a weekday; reference: letters and digits; name: a person, a place or a thing',
      ),
    is: phrases.describe(
      'The right value, in one or several wordings; every spelling of a number, a time or a date is read',
    ),
    about: anyPhrases.describe(
      'Words for what the value belongs to, which tell it from other values of its type: "cash", "sign-off"',
    ),
    unlike: anyPhrases.describe('Words for other things of the world: a value that stands with them alone is theirs'),
    excluded: z
      .boolean()
      .default(false)
      .describe('Whether the value is what must not be: "keep shellfish off the table"'),
    rivals: anyPhrases.describe('Wrong names; wrong numbers, times and dates are found without a list'),
  })
  .describe('A value that stands elsewhere in the world');

const choiceAsk = z
  .strictObject({
    ...shared,
    kind: z.literal('choice'),
    is: z.enum(['yes', 'no', 'either']).describe('The decision that is right in this world; `either` if both are'),
    about: phrases.describe('Words for the yes: the verb or the object that the decision is about'),
    against: anyPhrases.describe('Words for the no: what is done instead'),
    ...timing,
  })
  .describe('A decision, yes or no');

const actAsk = z
  .strictObject({
    ...shared,
    kind: z.literal('act'),
    says: z.array(phrases).min(1).max(4).describe('What the words must do: of each list, one wording'),
    against: anyPhrases.describe('Words for the opposite'),
    ...timing,
  })
  .describe('A go, a promise or a confirmation, with its content');

const apologyAsk = z
  .strictObject({ ...shared, kind: z.literal('apology') })
  .describe(
    'An apology. Politeness alone does not answer, so it counts only once another ask of its email is answered',
  );

/** Something that the sender of an email, or a contact, must not learn. */
export const denialSchema = z.strictObject({
  id: z.string().min(1).max(80).describe('A name for the fact, used in explanations'),
  type: z.enum(VALUE_TYPES),
  is: phrases.describe('The fact, in one or several wordings; to state one of them, negated or not, is to tell it'),
});

export const askSchema = z.discriminatedUnion('kind', [valueAsk, choiceAsk, actAsk, apologyAsk]);
export type Denial = z.output<typeof denialSchema>;
export type Ask = z.output<typeof askSchema>;
export type ValueType = (typeof VALUE_TYPES)[number];
