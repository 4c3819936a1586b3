/** Host names in `Host`, `Origin` and options: brings them into one spelling, and finds out whether they name this machine. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The name in `name`, `name:port` or an IP address of either version, in the spelling that browsers compare: `LOCALHOST.:80` becomes
 * `localhost`, `0x7f.1` becomes `127.0.0.1`. Undefined if the text is not a host name.
 */
export function hostName(authority: string): string | undefined {
  // Characters that would begin or end the host in a URL.
  if (/[/?#@\\\s]/.test(authority)) return undefined;
  const url = `http://${isIPv6(authority) ? `[${authority}]` : authority}`;
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Whether a text is a host name or an IP address, without a port. */
export function isMachineName(text: string): boolean {
  return hostName(text) !== undefined && (isIPv6(text) || !/:[^\]]*$/.test(text));
}

const LONGEST_PREFIX = 200;

/** Whether a text is '' or a path such as `/a/b`, which needs no escaping in a URL, in HTML or in a header. */
export function isPathPrefix(text: string): boolean {
  return text.length <= LONGEST_PREFIX && /^(?:\/[\w~-][\w.~-]*)*$/.test(text);
}

/** Whether a text is an IP address or a range such as `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
}

/** Whether a name or address is a loopback one. @param name As returned by `hostName`. */
export function isLoopback(name: string): boolean {
  if (isIPv4(name)) return LOOPBACK.check(name, 'ipv4');
  if (isIPv6(name)) return LOOPBACK.check(name, 'ipv6');
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The origin in a text, in its one spelling; undefined if it is not an origin that a page can have. */
export function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, href } = new URL(text);
  return origin !== 'null' && href === `${origin}/` ? origin : undefined;
}
