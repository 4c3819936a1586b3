/** Reads completions with the simplest possible code. Tests compare the faster reader with it. */
import json5 from 'json5';

type Fields = Record<string, unknown>;
type Span = { from: number; to: number; value: Fields };
/** A call as the object of an action; undefined if it cannot be read. */
type Call = Fields | undefined;

const TYPES =
  'do_nothing reply_email archive_email reschedule_meeting cancel_meeting complete_task delegate_task send_message';
const TEXTS = 'email_id message_body meeting_id new_time reason task_id contact_name channel message';
const CALLING = 'name arguments parameters function function_call tool_calls type role action';
const KEYS = `action_type ${TEXTS} metadata ${CALLING} thought thoughts thinking reasoning`.split(' ');

/** The stated fields of the action, or null if the step is invalid. */
export function answerOf(completion: string): Fields | null {
  const text = completion.trim();
  const all = spansIn(text, 0, text.length, true);
  const only = all.find(({ from, to }) => from === 0 && to === text.length);
  if (only !== undefined) return decide([only.value]);
  const marks = (form: RegExp): RegExpExecArray[] =>
    [...text.matchAll(form)].filter(({ index }) => !all.some(({ from, to }) => from < index && index < to));
  const closing = marks(/<\/(?:think|thinking|reasoning)>/g).at(-1);
  const from = closing === undefined ? 0 : closing.index + closing[0].length;
  const opening = marks(/<(?:think|thinking|reasoning)>/g).find(({ index }) => index >= from);
  const to = opening?.index ?? text.length;
  const answer = text.slice(from, to);
  const isHarmony = marks(/<\|(?:channel|message)\|>/g).some(({ index }) => index >= from && index < to);
  return isHarmony ? harmony(answer) : plain(answer, text.slice(to));
}

/** @param rest The text after the answer: an object that is closed there is not cut off. */
function plain(answer: string, rest = ''): Fields | null {
  if (isCutOff(answer, rest)) return null;
  const calls = callsIn(answer);
  if (calls.length > 0) return valid(calls.at(-1));
  const tagged = [...answer.matchAll(/<action>(.*?)(?:<\/action>|$)/gs)].reverse();
  const fenced = [...answer.matchAll(/```(.*?)(?:```|$)/gs)].reverse();
  for (const [, region = ''] of [...tagged, ...fenced, [answer, answer]]) {
    const decided = decide(objectsIn(region));
    if (decided !== null || objectsIn(region).some((object) => callsOf(object) !== undefined)) return decided;
  }
  return null;
}

/** The last valid action of these, unless a call follows all valid ones: then the last call. */
function decide(objects: Fields[]): Fields | null {
  for (const object of [...objects].reverse()) {
    const calls = callsOf(object) ?? wrapped(object, callsOf);
    if (calls !== undefined) return valid(calls.at(-1));
    const action = valid(isTyped(object) ? object : wrapped(object, (inner) => (isTyped(inner) ? inner : undefined)));
    if (action !== null) return action;
  }
  return null;
}

function wrapped<T>({ action, ...object }: Fields, take: (inner: Fields) => T | undefined): T | undefined {
  return isFields(action) && !isTyped(object) ? take(action) : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTyped = (object: Fields): boolean => (object.action_type ?? null) !== null;

function valid(given: Fields | undefined): Fields | null {
  if (given === undefined) return null;
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const isValid = Object.entries(stated).every(([key, value]) => {
    if (key === 'action_type') return TYPES.split(' ').includes(String(value)) && typeof value === 'string';
    if (key === 'channel') return value === 'email' || value === 'text' || value === 'call';
    return key === 'metadata' ? isFields(value) : TEXTS.split(' ').includes(key) && typeof value === 'string';
  });
  return isValid ? stated : null;
}

// ---------------------------------------------------------------- calls

function callsOf(object: Fields): Call[] | undefined {
  if (isTyped(object)) return undefined;
  const { tool_calls, function: called, function_call, name } = object;
  if (Array.isArray(tool_calls) && tool_calls.length > 0) {
    return tool_calls.map((one) => (isFields(one) ? callOf(isFields(one.function) ? one.function : one) : undefined));
  }
  for (const one of [called, function_call]) if (isFields(one)) return [callOf(one)];
  return typeof name === 'string' && ('arguments' in object || 'parameters' in object) ? [callOf(object)] : undefined;
}

function callOf({ name, arguments: args, parameters }: Fields): Call {
  const type = String(name).replace(/^functions\./, '');
  const given = args ?? parameters ?? {};
  const fields = typeof given === 'string' ? (given.trim() === '' ? {} : objectOf(given)) : given;
  if (!isFields(fields) || !TYPES.split(' ').includes(type)) return undefined;
  return (fields.action_type ?? type) === type ? { ...fields, action_type: type } : undefined;
}

const HEADS = /<tool_call>\s*(?!\s*<function=)|<function=|\[TOOL_CALLS\]|<｜tool▁call▁begin｜>|<\|python_tag\|>/g;

function callsIn(answer: string): Call[] {
  const list = /^\s*\[/.test(answer) ? python(answer) : undefined;
  if (list !== undefined) return list;
  const all = spansIn(answer, 0, answer.length, true);
  const isText = (index: number): boolean => all.some(({ from, to }) => from < index && index < to);
  /** Everything from an index to the first of these marks that counts. */
  const upTo = (from: number, form: RegExp): string => {
    const end = [...answer.matchAll(form)].find(({ index }) => index >= from && !isText(index));
    return answer.slice(from, end?.index ?? answer.length);
  };
  return [...answer.matchAll(HEADS)].flatMap(({ 0: head, index }): Call[] => {
    if (isText(index)) return [];
    const from = index + head.length;
    if (head.startsWith('<tool_call>')) return listed(upTo(from, /<\/?tool_call>/g));
    if (head === '<function=') return [xml(upTo(from, /<\/function>|<function=|<\/?tool_call>/g), answer.slice(from))];
    if (head === '<|python_tag|>') return python(answer.slice(from)) ?? listed(answer.slice(from));
    if (head === '[TOOL_CALLS]') {
      const content = upTo(from, /\[TOOL_CALLS\]/g);
      const name = /^\s*([\w.]+)/.exec(content)?.[1];
      return name === undefined ? listed(content) : [named(name, content)];
    }
    const [kind = '', rest = ''] = upTo(from, /<｜tool▁calls?▁(?:begin|end)｜>/g).split('<｜tool▁sep｜>');
    const name = kind.trim() === 'function' ? /^\s*([\w.]+)/.exec(rest)?.[1] : kind.trim();
    return [named(name ?? '', rest)];
  });
}

function named(name: string, content: string): Call {
  const [first] = objectsIn(content);
  return first === undefined ? undefined : callOf({ name, arguments: first });
}

function listed(content: string): Call[] {
  const calls = objectsIn(content).flatMap((object): Call[] => {
    if (isTyped(object)) return [callOf({ name: object.action_type, arguments: object })];
    return callsOf(object) ?? [typeof object.name === 'string' ? callOf({ name: object.name }) : undefined];
  });
  return calls.length === 0 ? [undefined] : calls;
}

function xml(content: string, rest: string): Call {
  const [, name = '', body = ''] = /^([\w.]+)>(.*)$/s.exec(content) ?? [];
  const fields = [...body.matchAll(/<parameter=([\w.]+)>(.*?)<\/parameter>/gs)];
  const opened = [...body.matchAll(/<parameter=/g)];
  if (opened.length > fields.length || (fields.length === 0 && rest === content)) return undefined;
  const given = fields.map(([, key = '', value = '']) => [key, value.trim() === 'null' ? null : value.trim()]);
  return callOf({ name, arguments: Object.fromEntries(given) });
}

const PYTHON_STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gs;

/** Strings are replaced before the search for brackets, and put back before an object is read. */
function python(text: string): Call[] | undefined {
  const strings: string[] = [];
  const bare = text.replace(PYTHON_STRING, (string) => `"${strings.push(string) - 1}"`);
  const back = (piece: string): string => piece.replace(/"(\d+)"/g, (_, i) => strings[Number(i)] ?? '');
  const whole = /^\s*(\[?)\s*([\w.]+\s*\(.*)$/s.exec(bare);
  if (whole === null) return undefined;
  const calls: Call[] = [];
  let rest = whole[2] ?? '';
  for (;;) {
    const [all, name = '', body = ''] = /^\s*([\w.]+)\s*\(([^()]*)\)/.exec(rest) ?? [];
    const first = /^\s*([\w.]+)/.exec(rest)?.[1] ?? '';
    const fields = all === undefined ? undefined : objectOf(`{${back(body.replace(/([\w.]+)\s*=/g, "'$1':"))}}`);
    if (fields === undefined && calls.length === 0 && whole[1] === '[' && !TYPES.split(' ').includes(first))
      return undefined;
    calls.push(fields === undefined ? undefined : callOf({ name, arguments: fields }));
    if (all === undefined || fields === undefined) return calls;
    const [comma] = /^\s*,/.exec(rest.slice(all.length)) ?? [];
    if (comma === undefined) return calls;
    rest = rest.slice(all.length + comma.length);
    if (/^\s*\]/.test(rest)) return calls;
  }
}

// ---------------------------------------------------------------- harmony

function harmony(answer: string): Fields | null {
  const all = spansIn(answer, 0, answer.length, true);
  const calls: Call[] = [];
  let final: string | undefined;
  const tokens = [...answer.matchAll(/<\|(?:start|end|return|call|message|channel)\|>/g)].filter(
    ({ index }) => !all.some(({ from, to }) => from < index && index < to),
  );
  let header = 0;
  tokens.forEach(({ 0: token, index }, i) => {
    const end = index + token.length;
    if (/start/.test(token)) header = index;
    // A channel without a start begins its own message.
    else if (/channel/.test(token) && /message/.test(tokens[i - 1]?.[0] ?? '')) header = index;
    else if (/end|return|call/.test(token)) header = end;
    if (!/message/.test(token)) return;
    const head = answer.slice(header, index);
    const channel = /.*<\|channel\|>\s*(\w*)/s.exec(head)?.[1] ?? '';
    const content = answer.slice(end, tokens[i + 1]?.index ?? answer.length);
    const recipient = /(?:^|\s)to=([^\s<]+)/.exec(head)?.[1];
    header = tokens[i + 1]?.index ?? answer.length;
    if (channel !== '' && channel !== 'final' && channel !== 'commentary') return;
    if (recipient === undefined) final = content;
    else calls.push(named(recipient, content));
  });
  const last = answer.slice(header);
  if (/<\|channel\|>(?:commentary|final).*\sto=/s.test(last) && !last.includes('<|message|>')) calls.push(undefined);
  if (isCutOff(calls.length > 0 ? answer : (final ?? ''), '')) return null;
  if (calls.length > 0) return valid(calls.at(-1));
  return final === undefined ? null : plain(final);
}

// ---------------------------------------------------------------- objects

/** Whether an object that begins like an action is never closed, and no other one begins after it. */
function isCutOff(answer: string, rest: string): boolean {
  const found = spansIn(answer, 0, answer.length, false);
  const open = [...(answer + rest).matchAll(/\{(?=\s*(?:["']|$))/g)].filter(({ index }) => {
    if (index >= answer.length || closingBrace(answer + rest, index) !== undefined) return false;
    const [, mark = '', key = '', end] = /^\{\s*(?:(["'])(.*?)(\1|$))?/s.exec(answer.slice(index)) ?? [];
    const isLike = mark !== '' && end !== '' ? KEYS.includes(key) : KEYS.some((known) => known.startsWith(key));
    return isLike && !found.some(({ from, to }) => from < index && index < to);
  });
  const cut = open.at(-1)?.index;
  if (cut === undefined) return false;
  return !found.some(({ from, value }) => {
    const isNested = /(?:["']\s*:|\[|\}\s*,)\s*$/.test(answer.slice(0, from));
    return from > cut && !isNested && (isTyped(value) || callsOf(value) !== undefined);
  });
}

function objectsIn(text: string): Fields[] {
  return spansIn(text, 0, text.length, false).map(({ value }) => value);
}

/** Objects in the order of the text: including those inside others, or only the outermost. */
function spansIn(text: string, start: number, end: number, inner: boolean): Span[] {
  const found: Span[] = [];
  let behind = start;
  for (const { index } of text.matchAll(/\{[ \t\r\n]*["'}]/g)) {
    if (index < behind) continue;
    const close = closingBrace(text.slice(0, end), index);
    const value = close === undefined ? undefined : objectOf(text.slice(index, close + 1));
    if (value === undefined || close === undefined) continue;
    found.push({ from: index, to: close + 1, value });
    if (!inner) behind = close + 1;
  }
  return found;
}

function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.slice(open).matchAll(/(["'])(?:(?!\1)[^\\]|\\.?)*(?:\1|$)|[{}]/gs)) {
    if (token === '{') depth++;
    if (token === '}' && --depth === 0) return open + index;
  }
  return undefined;
}

/** JSON; or JSON5, after line breaks in strings and Python's words were replaced by their JSON forms. */
function objectOf(text: string): Fields | undefined {
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\b(?:None|True|False)\b/gs;
  const strings = [...text.matchAll(token)].map(([string]) => string);
  const hasOddEscape = strings.some((string) => /\\[^"'\\/bfnrtux]/.test(string.replaceAll('\\\\', '')));
  for (const read of [JSON.parse, hasOddEscape || text.length > 65_536 ? undefined : json5.parse]) {
    try {
      const value: unknown = read?.(read === JSON.parse ? text : text.replace(token, plainToken));
      if (isFields(value)) return value;
    } catch {
      // The other reader may be able to read it.
    }
  }
  return undefined;
}

function plainToken(token: string): string {
  const words: Record<string, string> = { None: 'null', True: 'true', False: 'false' };
  return words[token] ?? token.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\u2028', '\\u2028');
}
