/** Answers of ORS that are streams of server-sent events. The server sends each stream as a whole, at once. */
import type { FastifyReply } from 'fastify';

export type ServerEvent = readonly [name: 'task_id' | 'chunk' | 'end' | 'error', data: string];

/** Python clients refuse a line of 131,072 bytes or more. */
const MAX_LINE_BYTES = 120_000;

/**
 * The events of a JSON text: one `end`, or for a text that is too long for one line, `chunk`s and an `end` whose data make up the
 * text. No data begin with white space, because clients strip it.
 */
export function jsonEvents(text: string): ServerEvent[] {
  // Some clients take these characters for the end of a line.
  const escaped = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = text.replaceAll(/[\u0085\u2028\u2029]/g, escaped);
  if (Buffer.byteLength(json) <= MAX_LINE_BYTES) return [['end', json]];
  // A code point has at most 4 bytes.
  const parts = json.match(/\S[\s\S]{0,25000}\s*/gu) ?? [];
  return parts.map((part, index) => [index === parts.length - 1 ? 'end' : 'chunk', part]);
}

/** The text of a stream. */
export function textOf(events: readonly ServerEvent[]): string {
  return events.map(([name, data]) => `event: ${name}\ndata: ${data.replaceAll(/[\r\n]+/g, ' ')}\n\n`).join('');
}

/** Prepares a reply whose text is a stream. */
export function beginStream(reply: FastifyReply): void {
  reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-cache')
    // Some proxies would hold back the stream to collect more of it.
    .header('x-accel-buffering', 'no')
    // The serializer of the other routes would turn the text into a JSON string.
    .serializer(String);
}
