/**
 * How large an answer of the batch API can be at the most, so that one that is too large is refused before anything is played:
 * afterwards there would be no way to tell the client what became of it.
 */
import { constants } from 'node:buffer';
import { BREAKDOWN_FIELDS } from '../../sim/breakdown.ts';
import { fragmentsOf } from '../../sim/briefing/fragments.ts';
import { briefingJsonBytes } from '../../sim/briefing/json-room.ts';
import { MAX_NEWS, MAX_NOTE } from '../../sim/episode.ts';
import { keptFor } from '../../sim/kept.ts';
import { ID_LIMITS } from '../../sim/observation.ts';
import type { Autoreset, Spec } from '../../vector/spec.ts';
import { Problem } from '../problem.ts';
import type { Format, Included } from './wire.ts';

const MIB = 2 ** 20;

/** Bytes that an answer may have in each format. */
export type AnswerLimits = Readonly<Record<Format, number>>;

/** JSON is one string, of which V8 allows no longer ones; msgpack is written to memory that is doubled while it grows. */
export const ANSWER_LIMITS: AnswerLimits = { json: constants.MAX_STRING_LENGTH - MIB, msgpack: 2_048 * MIB };

/** Of a number in JSON, whatever it is; msgpack takes nine. */
const NUMBER = 25;
/** A note, in quotation marks: well-formed text, of whose code points none takes more than four bytes, in JSON too. */
const NOTE = 4 * MAX_NOTE + 16;
const NEWS = 4 * MAX_NEWS + 16;
/** Keys, punctuation, numbers and flags of a row, of metadata and of a grade, each with room to spare. */
const ROW = 1_024;
const METADATA = 2_048;
const GRADE = 768;
/** Of a part of the reward, and of an event, besides what they are about. */
const ATTRIBUTION = 256;
const EVENT = 64;
/** The answer around the rows, and what stands there of an environment: its id and its group. */
const FRAME = 4_096;
const IDS = 24;
/** Fields of an episode in a snapshot, besides its state and texts. */
const SAVED = 64;

const BREAKDOWN = BREAKDOWN_FIELDS.reduce((bytes, field) => bytes + field.length + 8 + NUMBER, 8);

/** What the rows of a batch may hold. After a reset each environment may play each of the batch's specs. */
export class AnswerSizes {
  private readonly specs: readonly Spec[];
  private readonly autoreset: Autoreset;

  constructor(specs: readonly Spec[], autoreset: Autoreset) {
    this.specs = specs;
    this.autoreset = autoreset;
  }

  /** Bytes of the largest row there can be, in the answer as a whole. */
  row(format: Format, included: Included): number {
    const rows = this.specs.map(({ compiled, task }) => {
      const briefing = format === 'json' ? briefingJsonBytes(compiled) : fragmentsOf(compiled).maxBytes + 8;
      const taskId = jsonBytes(task);
      const metadata = METADATA + taskId + metadataBytes(compiled);
      const observation = briefing + taskId + NOTE + BREAKDOWN * Number(included.has('breakdown'));
      const final = this.autoreset === 'same_step' ? briefing + metadata : 0;
      return ROW + IDS + observation + metadata * Number(included.has('metadata')) + GRADE + final + NOTE;
    });
    return Math.max(...rows);
  }

  /** Bytes of an environment in a snapshot, which JSON holds in base64. */
  saved(format: Format): number {
    const state = Math.max(...this.specs.map(({ compiled }) => compiled.layout.byteLength));
    const bytes = SAVED + state + NOTE + NEWS;
    return IDS + (format === 'json' ? Math.ceil((bytes * 4) / 3) : bytes);
  }
}

/**
 * @param count Environments that the answer is about
 * @param bytes Of each of them, at the most
 * @throws Problem (413)
 */
export function refuseTooLarge(format: Format, count: number, bytes: number, limits: AnswerLimits): void {
  const most = limits[format];
  const all = FRAME + count * bytes;
  if (all <= most) return;
  const fewer = Math.max(0, Math.floor((most - FRAME) / bytes));
  const otherwise = format === 'json' ? ', or for msgpack' : '';
  const name = format === 'json' ? 'a JSON' : 'a msgpack';
  throw new Problem(
    413,
    'ANSWER_TOO_LARGE',
    `${name} answer for ${count} environments could take ${all} bytes, more than ${most}; ask for at most ${fewer} at once${otherwise}`,
  );
}

/** What metadata say with the texts of the scenario: ids that are listed, and what the reward may be paid for. */
const metadataBytes = keptFor(({ world, day }) => {
  const emails = world.emails.map(({ id }) => jsonBytes(id));
  const meetings = world.meetings.map(({ id }) => jsonBytes(id));
  const tasks = world.tasks.map(({ id }) => jsonBytes(id));
  const contacts = world.contacts.map(({ name }) => jsonBytes(name));
  const obligations = day?.obligations.map(({ id }) => jsonBytes(id)) ?? [];
  const events = day?.events.map(({ id }) => jsonBytes(id)) ?? [];
  const paidFor =
    day === undefined ? [] : [...obligations, ...emails, ...meetings, ...contacts, ...contacts, 0, 0, 0, 0];
  return (
    2 * NOTE +
    jsonBytes(world.simulation_time) +
    jsonBytes(world.episode_end_reason ?? '') +
    (ID_LIMITS.critical + ID_LIMITS.unread) * Math.max(0, ...emails) +
    ID_LIMITS.overdue * Math.max(0, ...tasks) +
    ID_LIMITS.meetings * Math.max(0, ...meetings) +
    BREAKDOWN +
    GRADE +
    sum(events) +
    EVENT * events.length +
    sum(paidFor) +
    ATTRIBUTION * paidFor.length
  );
});

/** With what separates it from others. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + 4;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
