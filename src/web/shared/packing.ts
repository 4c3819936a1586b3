/** Packs JSON into a short text for the address of a page: deflated, in base64url. */

/** Maximum number of characters after unpacking, so that a link cannot fill the memory. */
const MOST = 8_000_000;

export async function pack(value: unknown): Promise<string> {
  const packed = await new Response(through(JSON.stringify(value), new CompressionStream('deflate'))).arrayBuffer();
  let text = '';
  for (const byte of new Uint8Array(packed)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws Error if the text is damaged */
export async function unpack(text: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let json = '';
  const reader = through(bytes, new DecompressionStream('deflate')).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    json += decoder.decode(part.value, { stream: true });
    if (json.length > MOST) {
      await reader.cancel();
      throw new RangeError('the text is too long');
    }
  }
  return JSON.parse(json + decoder.decode());
}

function through(
  content: string | Uint8Array<ArrayBuffer>,
  change: CompressionStream | DecompressionStream,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([content]).stream().pipeThrough(change);
}
