/**
 * Answers as msgpack. Rows are written directly from the shared columns: the bytes of the keys are made once, and no object is
 * made for a row. Rare parts (metadata, grades, errors) are packed as objects.
 */
import { packPlain } from '../../lib/msgpack.ts';
import { Turn } from '../../lib/turn.ts';
import { BREAKDOWN_FIELDS } from '../../sim/breakdown.ts';
import { type BatchOutcome, complaintCode, complaintOf, refusedRow } from './outcome.ts';

// Memory for answers, reused once an answer has been sent: to touch fresh pages costs as much as to write the answer.

/** The maximum number of bytes kept for reuse. */
const MAX_KEPT = 64 * 2 ** 20;
/** Below this number of bytes, the cost of new memory is not noticeable. */
const SMALL = 65_536;

type Allocate = (size: number) => Buffer;

export class Buffers {
  private readonly free: Buffer[] = [];
  private kept = 0;

  /** A buffer of at least `size` bytes with arbitrary content. */
  take(size: number): Buffer {
    const found = this.free.findIndex((buffer) => buffer.length >= size && buffer.length <= 4 * size);
    const [buffer] = found < 0 ? [] : this.free.splice(found, 1);
    this.kept -= buffer?.length ?? 0;
    return buffer ?? Buffer.allocUnsafeSlow(size);
  }

  /** Returns the memory of a buffer for reuse. The caller must not read or write the buffer any more. */
  give({ buffer }: Buffer): void {
    const whole = Buffer.from(buffer);
    if (whole.length < SMALL || this.kept + whole.length > MAX_KEPT) return;
    this.free.push(whole);
    this.kept += whole.length;
  }
}

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const FLOAT64 = 0xcb;

const KEY = {
  envId: packPlain('env_id'),
  groupId: packPlain('group_id'),
  observation: packPlain('observation'),
  briefing: packPlain('briefing'),
  taskId: packPlain('task_id'),
  seed: packPlain('seed'),
  episode: packPlain('episode'),
  stepOk: packPlain('step_ok'),
  error: packPlain('error'),
  breakdown: packPlain('reward_breakdown'),
  data: packPlain('data'),
  metadata: packPlain('metadata'),
  reward: packPlain('reward'),
  terminated: packPlain('terminated'),
  truncated: packPlain('truncated'),
  grade: packPlain('grade'),
  final: packPlain('final'),
} as const;

/** The msgpack map of a breakdown with all zeros, and the offsets of its numbers. */
const BREAKDOWN = breakdownTemplate();

/** More than the size in bytes of all fixed-size parts of a row. */
const ROW_BYTES = 1_024;

/** The number of rows after which other requests may have their turn. */
const ROWS_AT_ONCE = 64;

/** Appends msgpack to bytes that grow as needed. */
class FrameBuilder {
  private readonly allocate: Allocate;
  private buffer: Buffer;
  private view: DataView;
  private at = 0;

  constructor(capacity: number, allocate: Allocate) {
    this.allocate = allocate;
    this.buffer = allocate(capacity);
    this.view = viewOf(this.buffer);
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  /** Makes room for `extra` bytes, which can then be written without further checks. */
  reserve(extra: number): void {
    if (this.at + extra <= this.buffer.length) return;
    const larger = this.allocate(Math.max(this.buffer.length * 2, this.at + extra));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
    this.view = viewOf(larger);
  }

  byte(value: number): void {
    this.buffer[this.at++] = value;
  }

  /** Copies a few bytes one by one, which is faster than a call of `set` for a short key. */
  key(bytes: Uint8Array): void {
    const { buffer, at } = this;
    for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i] ?? 0;
    this.at = at + bytes.length;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length + ROW_BYTES);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  packed(value: unknown): void {
    this.raw(packPlain(value));
  }

  boolean(value: boolean): void {
    this.byte(value ? TRUE : FALSE);
  }

  float(value: number): void {
    this.byte(FLOAT64);
    this.view.setFloat64(this.at, value);
    this.at += 8;
  }

  /** Writes a whole number of at least 0 in as few bytes as possible. */
  uint(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value < 0x100) {
      this.byte(0xcc);
      this.byte(value);
    } else if (value < 0x10000) this.sized16(0xcd, value);
    else if (value < 2 ** 32) this.sized32(0xce, value);
    else {
      this.sized32(0xcf, Math.floor(value / 2 ** 32));
      this.view.setUint32(this.at, value >>> 0);
      this.at += 4;
    }
  }

  list(length: number): void {
    if (length < 16) this.byte(0x90 | length);
    else if (length < 0x10000) this.sized16(0xdc, length);
    else this.sized32(0xdd, length);
  }

  /** Writes the header of a map with at most 15 entries. */
  map(entries: number): void {
    this.byte(0x80 | entries);
  }

  text(text: string): void {
    this.reserve(3 * text.length + ROW_BYTES);
    // The header of nearly every briefing has three bytes.
    const length = this.buffer.write(text, this.at + 3, 'utf8');
    const head = length < 0x100 ? (length < 32 ? 1 : 2) : length < 0x10000 ? 3 : 5;
    if (head !== 3) this.buffer.copyWithin(this.at + head, this.at + 3, this.at + 3 + length);
    if (head === 1) this.byte(0xa0 | length);
    else if (head === 2) {
      this.byte(0xd9);
      this.byte(length);
    } else if (head === 3) this.sized16(0xda, length);
    else this.sized32(0xdb, length);
    this.at += length;
  }

  /** @param columns The columns of a breakdown, in the order of BREAKDOWN_FIELDS. */
  breakdown(columns: readonly Float64Array[], i: number): void {
    this.reserve(BREAKDOWN.bytes.length + ROW_BYTES);
    this.buffer.set(BREAKDOWN.bytes, this.at);
    const { view, at } = this;
    for (let part = 0; part < columns.length; part++) {
      view.setFloat64(at + (BREAKDOWN.offsets[part] ?? 0), columns[part]?.[i] ?? 0);
    }
    this.at = at + BREAKDOWN.bytes.length;
  }

  private sized16(head: number, value: number): void {
    this.byte(head);
    this.view.setUint16(this.at, value);
    this.at += 2;
  }

  private sized32(head: number, value: number): void {
    this.byte(head);
    this.view.setUint32(this.at, value);
    this.at += 4;
  }
}

/**
 * A msgpack map of the given fields, then the rows of `outcome` as `results`. The returned bytes are the beginning of memory that
 * `allocate` returned. While many rows are written, other requests have their turns.
 */
export async function frameAnswer(
  fields: Readonly<Record<string, unknown>>,
  outcome: BatchOutcome | undefined,
  allocate: Allocate = Buffer.allocUnsafeSlow,
): Promise<Buffer> {
  const entries = Object.entries(fields);
  const frame = new FrameBuilder(2 * ROW_BYTES + (outcome === undefined ? 0 : estimate(outcome)), allocate);
  frame.map(entries.length + Number(outcome !== undefined));
  for (const [key, value] of entries) {
    frame.packed(key);
    frame.packed(value);
  }
  if (outcome !== undefined) {
    frame.packed('results');
    await frameRows(frame, outcome);
  }
  return frame.bytes;
}

/** The maximum number of bytes of the rows, without their rare parts. */
function estimate({ batch, envIds }: BatchOutcome): number {
  let bytes = (envIds.length + 2) * ROW_BYTES;
  for (let i = 0; i < batch.size; i++) bytes += batch.briefing(i).length;
  return bytes;
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Data that all rows of an answer share. */
type Known = { readonly columns: readonly Float64Array[]; readonly tasks: Map<string, Buffer> };

async function frameRows(frame: FrameBuilder, outcome: BatchOutcome): Promise<void> {
  const { envIds, rows } = outcome;
  const known: Known = { columns: BREAKDOWN_FIELDS.map((field) => outcome.batch.breakdown[field]), tasks: new Map() };
  frame.reserve(ROW_BYTES);
  frame.list(envIds.length);
  const turn = new Turn();
  for (let index = 0; index < envIds.length; index++) {
    if (index % ROWS_AT_ONCE === 0) await turn.rest();
    const i = rows === undefined ? index : (rows[index] ?? -1);
    if (i < 0) frame.packed(refusedRow(outcome, index));
    else frameRow(frame, outcome, index, i, known);
  }
}

function frameRow(
  frame: FrameBuilder,
  outcome: BatchOutcome,
  index: number,
  i: number,
  { columns, tasks }: Known,
): void {
  const { batch, envIds, grades, groupOf, included } = outcome;
  const env = envIds[index] ?? 0;
  const group = groupOf(env);
  const stepOk = batch.stepOk[i] === 1;
  const complaint = stepOk ? undefined : complaintOf(batch, i);
  const grade = grades.get(i);
  const final = batch.final(i);
  const { task } = batch.spec(i);
  let packedTask = tasks.get(task);
  if (packedTask === undefined) {
    packedTask = packPlain(task);
    tasks.set(task, packedTask);
  }

  frame.reserve(2 * ROW_BYTES);
  frame.map(6 + Number(grade !== undefined) + Number(final !== undefined) + Number(complaint !== undefined));
  frame.key(KEY.envId);
  frame.uint(env);
  frame.key(KEY.groupId);
  if (group === null) frame.byte(NIL);
  else frame.uint(group);
  frame.key(KEY.observation);
  frame.map(6 + included.size);
  frame.key(KEY.briefing);
  frame.text(batch.briefing(i));
  frame.key(KEY.taskId);
  frame.raw(packedTask);
  frame.key(KEY.seed);
  frame.uint(batch.seed(i));
  frame.key(KEY.episode);
  frame.uint(batch.episode(i));
  frame.key(KEY.stepOk);
  frame.boolean(stepOk);
  frame.key(KEY.error);
  if (complaint === undefined) frame.byte(NIL);
  else frame.packed(complaint);
  if (included.has('breakdown')) {
    frame.key(KEY.breakdown);
    if (batch.isFirst(i)) frame.byte(NIL);
    else frame.breakdown(columns, i);
  }
  if (included.has('data')) {
    frame.key(KEY.data);
    frame.packed(batch.observation(i));
  }
  if (included.has('metadata')) {
    frame.key(KEY.metadata);
    const info = batch.info(i);
    // A seed may need more than 32 bits. As a number it would then be packed as a double.
    frame.packed({ ...info, seed: BigInt(info.seed) });
  }
  frame.key(KEY.reward);
  frame.float(batch.reward[i] ?? 0);
  frame.key(KEY.terminated);
  frame.boolean(batch.terminated[i] === 1);
  frame.key(KEY.truncated);
  frame.boolean(batch.truncated[i] === 1);
  if (grade !== undefined) {
    frame.key(KEY.grade);
    frame.packed(grade);
  }
  if (final !== undefined) {
    frame.key(KEY.final);
    frame.packed({ briefing: final.briefing, metadata: final.info });
  }
  if (complaint !== undefined) {
    frame.key(KEY.error);
    frame.packed({ code: complaintCode(batch, i), message: complaint });
  }
}

/** A msgpack map whose values are doubles: its header, then for each field the key, the type byte of a double and 8 bytes. */
function breakdownTemplate(): { readonly bytes: Buffer; readonly offsets: Uint32Array } {
  const offsets = new Uint32Array(BREAKDOWN_FIELDS.length);
  const count = BREAKDOWN_FIELDS.length;
  const parts: Buffer[] = [count < 16 ? Buffer.of(0x80 | count) : Buffer.of(0xde, count >> 8, count & 0xff)];
  let at = parts[0]?.length ?? 0;
  BREAKDOWN_FIELDS.forEach((field, part) => {
    const entry = Buffer.concat([packPlain(field), Buffer.of(FLOAT64), Buffer.alloc(8)]);
    offsets[part] = at + entry.length - 8;
    at += entry.length;
    parts.push(entry);
  });
  return { bytes: Buffer.concat(parts), offsets };
}
