/**
 * The answers of a run on the disk, one a line: a run that is resumed does not ask for them again. An answer belongs to a request
 * at a step of an episode, so that the same request in another episode has an answer of its own.
 */
import { existsSync } from 'node:fs';
import { disk, writing } from '../../lib/disk.ts';
import { linesOf } from '../../records/lines.ts';
import { fileSource, type LineRange } from '../../records/read.ts';
import { RunHalted } from '../failure.ts';
import type { ModelAnswer } from './answer.ts';

/** What an answer is stored under. */
export type AnswerKey = {
  /** Index of the episode in the run. */
  readonly episode: number;
  readonly step: number;
  /** SHA-256 of the body of the request. */
  readonly request: string;
};

type Stored = AnswerKey & { readonly answer: ModelAnswer };

/** The open file of answers. */
export class StoredAnswers {
  private readonly path: string;
  private readonly file: number;
  private readonly places: Map<string, LineRange>;
  private size: number;

  private constructor(path: string, file: number, places: Map<string, LineRange>, size: number) {
    this.path = path;
    this.file = file;
    this.places = places;
    this.size = size;
  }

  /**
   * Opens the file, which need not exist. An incomplete last line is cut off.
   * @param onAnswer Called for each answer in the file.
   * @throws WriteError; RunHalted if a line is not an answer
   */
  static async open(path: string, onAnswer: (answer: ModelAnswer) => void): Promise<StoredAnswers> {
    const places = new Map<string, LineRange>();
    let size = 0;
    if (existsSync(path)) {
      for await (const { start, length, bytes, isWhole } of linesOf(fileSource(path))) {
        if (!isWhole) break;
        const { answer, ...key } = parse(bytes, path);
        places.set(textOf(key), { start, length });
        onAnswer(answer);
        size = start + length + 1;
      }
    }
    const file = writing(path, () => {
      const opened = disk.open('answers', path, existsSync(path) ? 'r+' : 'w');
      disk.truncate('answers', opened, size);
      return opened;
    });
    return new StoredAnswers(path, file, places, size);
  }

  /** The stored answer; undefined if there is none. */
  async get(key: AnswerKey): Promise<ModelAnswer | undefined> {
    const place = this.places.get(textOf(key));
    if (place === undefined) return undefined;
    return parse(await fileSource(this.path).read(place.start, place.length), this.path).answer;
  }

  /** Stores an answer. @throws WriteError */
  add(key: AnswerKey, answer: ModelAnswer): void {
    const bytes = Buffer.from(`${JSON.stringify({ ...key, answer } satisfies Stored)}\n`);
    writing(this.path, () => disk.write('answers', this.file, bytes, this.size));
    this.places.set(textOf(key), { start: this.size, length: bytes.length - 1 });
    this.size += bytes.length;
  }

  close(): void {
    writing(this.path, () => disk.close('answers', this.file));
  }
}

function textOf({ episode, step, request }: AnswerKey): string {
  return `${episode} ${step} ${request}`;
}

function parse(bytes: Uint8Array | undefined, path: string): Stored {
  try {
    const stored = JSON.parse(Buffer.from(bytes ?? []).toString()) as Stored;
    if (typeof stored.answer.content === 'string') return stored;
  } catch {
    // The error below says what to do.
  }
  throw new RunHalted(`${path} has a line that is not an answer of a model; remove the file to ask again`);
}
