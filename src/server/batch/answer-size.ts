/**
 * The maximum size of an answer of the batch API. A request whose answer may be too large is refused before anything is played:
 * afterwards there would be no way to report the results to the client.
 */
import { constants } from 'node:buffer';
import { BREAKDOWN_FIELDS } from '../../sim/breakdown.ts';
import { MAX_NEWS, MAX_NOTE } from '../../sim/episode.ts';
import { ID_LIMITS } from '../../sim/observation/metadata.ts';
import { briefingBytes, briefingJsonBytes, observationJsonBytes } from '../../sim/observation/size.ts';
import type { Autoreset, Spec } from '../../vector/spec.ts';
import { keptFor } from '../../world/kept.ts';
import { Problem } from '../problem.ts';
import type { ObservationProfile } from '../profiles.ts';
import type { Format, Included } from './wire.ts';

const MIB = 2 ** 20;

/** The maximum number of bytes of an answer in each format. */
export type AnswerLimits = Readonly<Record<Format, number>>;

/** JSON is limited by the longest string of V8. msgpack is written to memory whose size doubles as it grows. */
export const ANSWER_LIMITS: AnswerLimits = { json: constants.MAX_STRING_LENGTH - MIB, msgpack: 2_048 * MIB };

/** The maximum number of bytes of a number in JSON; msgpack takes nine. */
const NUMBER = 25;
/** A note in quotation marks: well-formed text, of which a code point takes at most four bytes, in JSON too. */
const NOTE = 4 * MAX_NOTE + 16;
const NEWS = 4 * MAX_NEWS + 16;
/** Bytes for keys, punctuation, numbers and flags: of a row, of metadata and of a grade. Each is more than the real size. */
const ROW = 1_024;
const METADATA = 2_048;
const GRADE = 768;
/** Bytes of an entry of the reward attribution and of an event, besides the id that it names. */
const ATTRIBUTION = 256;
const EVENT = 64;
/** Bytes of the answer around the rows, and of the id and group of an environment in it. */
const FRAME = 4_096;
const IDS = 24;
/** Bytes of an episode in a snapshot, besides its state and texts. */
const SAVED = 64;

const BREAKDOWN = BREAKDOWN_FIELDS.reduce((bytes, field) => bytes + field.length + 8 + NUMBER, 8);

/** The sizes of a batch's rows. After a reset each environment may play each of the batch's specs, so all specs count. */
export class AnswerSizes {
  private readonly specs: readonly Spec[];
  private readonly autoreset: Autoreset;
  private readonly profile: ObservationProfile;

  constructor(specs: readonly Spec[], autoreset: Autoreset, profile: ObservationProfile) {
    this.specs = specs;
    this.autoreset = autoreset;
    this.profile = profile;
  }

  /** The maximum number of bytes that one row adds to an answer. */
  row(format: Format, included: Included): number {
    const rows = this.specs.map(({ compiled, task }) => {
      const whole = format === 'json' ? briefingJsonBytes(compiled) : briefingBytes(compiled) + 8;
      // A delta marks every line. No line is so short that this doubles it.
      const briefing = this.profile === 'delta' ? 2 * whole : whole;
      const taskId = jsonBytes(task);
      const metadata = METADATA + taskId + metadataBytes(compiled);
      const data = included.has('data') ? observationJsonBytes(compiled) : 0;
      const observation = briefing + data + taskId + NOTE + BREAKDOWN * Number(included.has('breakdown'));
      const final = this.autoreset === 'same_step' ? briefing + metadata : 0;
      return ROW + IDS + observation + metadata * Number(included.has('metadata')) + GRADE + final + NOTE;
    });
    return Math.max(...rows);
  }

  /** The maximum number of bytes that one environment adds to a snapshot answer; JSON has the snapshot in base64. */
  saved(format: Format): number {
    const state = Math.max(...this.specs.map(({ compiled }) => compiled.layout.byteLength));
    const bytes = SAVED + state + NOTE + NEWS;
    return IDS + (format === 'json' ? Math.ceil((bytes * 4) / 3) : bytes);
  }
}

/**
 * Refuses a request whose answer may be larger than the limit of its format.
 * @param count The number of environments in the answer
 * @param bytes The maximum number of bytes of each environment
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

/** Bytes of metadata that depend on the scenario: listed ids, and the obligations and events that a reward may be attributed to. */
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

/** Bytes of a text in JSON, with its separators. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + 4;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
