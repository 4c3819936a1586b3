/** Names of machines, as they stand in `Host`, `Origin` and options: one spelling for each, and whether it is this machine itself. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The name in `name`, `name:port` or an address of either version, spelled as browsers compare it: `LOCALHOST.:80` is `localhost`,
 * `0x7f.1` is `127.0.0.1`. Undefined where it is none.
 */
export function nameOf(authority: string): string | undefined {
  // What a URL would take for the beginning or the end of the name.
  if (/[/?#@\\\s]/.test(authority)) return undefined;
  const url = `http://${isIPv6(authority) ? `[${authority}]` : authority}`;
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Whether a text is a name or an address, with nothing after it. */
export function isMachineName(text: string): boolean {
  return nameOf(text) !== undefined && (isIPv6(text) || !/:[^\]]*$/.test(text));
}

const LONGEST_PREFIX = 200;

/** Whether a text is '' or a path such as `/a/b`, which means the same in an address, in HTML and in a header. */
export function isPathPrefix(text: string): boolean {
  return text.length <= LONGEST_PREFIX && /^(?:\/[\w~-][\w.~-]*)*$/.test(text);
}

/** Whether a text is an IP address, or a range of them such as `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
}

/** @param name As `nameOf` answers it. */
export function isLoopback(name: string): boolean {
  if (isIPv4(name)) return LOOPBACK.check(name, 'ipv4');
  if (isIPv6(name)) return LOOPBACK.check(name, 'ipv6');
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The origin that a text stands for, in its one spelling; undefined where it is none that pages can have. */
export function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, href } = new URL(text);
  return origin !== 'null' && href === `${origin}/` ? origin : undefined;
}
