/** Finds the answer in a completion: everything except the reasoning. */
import { AFTER_THOUGHTS, CHANNEL, MESSAGE, MESSAGE_ENDS, START, THOUGHTS } from './marks.ts';
import type { Mark, ObjectSearch, Region } from './object-search.ts';

/** A message that is sent to a tool: the name of the tool, and the region of its arguments. */
export type Sent = { readonly name: string; readonly region: Region };
/** The region of the answer, and those of its messages that are calls; or, as a text, why there is no answer. */
export type AnswerRegion = Region & { readonly sent: readonly Sent[] };

/** Users see these channels, or tools receive them. All other channels are reasoning. */
const ANSWERING: ReadonlySet<string> = new Set(['final', 'commentary', '']);

/**
 * Skips everything up to the last mark that closes a thought; then, in harmony text, everything except the last message of the
 * final or commentary channel; and everything from a thought that is never closed. Marks inside objects count as text.
 */
export function answerIn(text: string, search: ObjectSearch): AnswerRegion | string {
  const { marks } = search;
  const closed = marks.findLast(({ name, at }) => AFTER_THOUGHTS.has(name) && !search.isInObject(at));
  const from = closed?.end ?? 0;
  const rest = marks.filter((mark) => mark.at >= from);
  const opened = rest.find((mark) => THOUGHTS.has(mark.name) && !search.isInObject(mark.at));
  const to = opened?.at ?? text.length;
  if (text.slice(from, to).trim() === '') {
    if (opened !== undefined) return `it is reasoning only: ${opened.name} is never closed`;
    if (closed !== undefined) return `it is reasoning only: nothing follows ${closed.name}`;
  }
  const inside = rest.filter((mark) => mark.at < to);
  const isHarmony = inside.some(({ name, at }) => (name === CHANNEL || name === MESSAGE) && !search.isInObject(at));
  return isHarmony ? lastMessage(text, inside, { from, to }, search) : { from, to, sent: [] };
}

type HarmonyMessage = { readonly header: string; readonly from: number; to: number };

function lastMessage(
  text: string,
  marks: readonly Mark[],
  { from, to }: Region,
  search: ObjectSearch,
): AnswerRegion | string {
  const messages = messagesIn(text, marks, { from, to }, search);
  const answers = messages.filter(({ header }) => ANSWERING.has(channelOf(header)));
  const sent = answers.flatMap((message) => {
    const name = recipientOf(message.header);
    return name === undefined ? [] : [{ name, region: message }];
  });
  const last = answers.findLast(({ header }) => recipientOf(header) === undefined);
  if (sent.length > 0) return { from, to, sent };
  return last === undefined
    ? 'it is reasoning only: no message is of the final or the commentary channel'
    : { from: last.from, to: last.to, sent };
}

function messagesIn(
  text: string,
  marks: readonly Mark[],
  { from, to }: Region,
  search: ObjectSearch,
): HarmonyMessage[] {
  const messages: HarmonyMessage[] = [];
  /** Where the header of the next message begins; -1 inside a message. */
  let header = from;
  const close = (at: number): void => {
    const last = messages.at(-1);
    if (header < 0 && last !== undefined) last.to = at;
    header = at;
  };
  for (const { name, at, end } of marks) {
    if (search.isInObject(at)) continue;
    if (name === START || name === CHANNEL) {
      // A channel belongs to the role before it, if there is one.
      if (header < 0 || name === START) close(at);
    } else if (name === MESSAGE) {
      if (header < 0) close(at);
      messages.push({ header: text.slice(header, at), from: end, to });
      header = -1;
    } else if (MESSAGE_ENDS.has(name)) {
      close(at);
      header = end;
    }
  }
  // A header of a call that is cut off also counts as a call.
  const cut = header < 0 ? '' : text.slice(header, to);
  if (cut.includes(CHANNEL) && recipientOf(cut) !== undefined) messages.push({ header: cut, from: to, to });
  return messages;
}

function channelOf(header: string): string {
  const at = header.lastIndexOf(CHANNEL);
  return at < 0 ? '' : (/^\s*(\w*)/.exec(header.slice(at + CHANNEL.length))?.[1] ?? '');
}

/** The tool, with or without the name of its namespace. */
function recipientOf(header: string): string | undefined {
  return /(?:^|\s)to=([^\s<]+)/.exec(header)?.[1];
}
