/** Where the objects of a completion are, as plainly as it can be written: what the quicker search is held against. */

/** Every JSON object that may be the action, in the order in which they are tried. */
export function candidatesIn(completion: string): object[] {
  const bare = completion.trim();
  const whole = bare.startsWith('{') && bare.endsWith('}') ? objectOf(bare) : undefined;
  if (whole !== undefined) return [whole];
  const tagged = [...completion.matchAll(/<action>(.*?)(?:<\/action>|$)/gs)].reverse();
  const fenced = [...completion.matchAll(/```(.*?)(?:```|$)/gs)].reverse();
  return [...tagged, ...fenced, [completion, completion]].flatMap(([, region = '']) => objectsIn(region).reverse());
}

function objectsIn(text: string): object[] {
  const found: object[] = [];
  let behind = 0;
  for (const { index } of text.matchAll(/\{\s*["}]/g)) {
    if (index < behind) continue;
    const end = closingBrace(text, index);
    const value = end === undefined ? undefined : objectOf(text.slice(index, end + 1));
    if (value === undefined || end === undefined) continue;
    found.push(value);
    behind = end + 1;
  }
  return found;
}

function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.slice(open).matchAll(/"(?:[^"\\]|\\.?)*(?:"|$)|[{}]/gs)) {
    if (token === '{') depth++;
    if (token === '}' && --depth === 0) return open + index;
  }
  return undefined;
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
