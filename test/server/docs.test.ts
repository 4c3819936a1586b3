/** The OpenAPI document and the pages that show it. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { type Json, objectsIn, resolveRef, serve } from './support-docs.ts';

const client = serve();
const TAGS = ['Environment', 'Text', 'Info', 'Tasks', 'MCP', 'ORS', 'Batch', 'Operations'];

type Operation = Json & { tags?: string[]; summary?: string; operationId?: string; responses: Record<string, Json> };
type Document = Json & {
  info: Json;
  paths: Record<string, Record<string, Operation>>;
};

async function openapi(): Promise<Document> {
  const { body } = await client.get('/openapi.json');
  return body as Document;
}

async function operations(): Promise<[string, Operation][]> {
  return Object.entries((await openapi()).paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
}

describe('the document', () => {
  test('is OpenAPI 3.1, and the version of its contract begins with 1', async () => {
    const { openapi: version, info } = await openapi();
    expect(version).toBe('3.1.0');
    expect(info.title).toBe(`Ghostexec ${VERSION}`);
    expect(info.version).toMatch(/^1\./);
  });

  test('lists the routes of single episodes, of the server and of the tasks', async () => {
    const names = (await operations()).map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'post /reset',
        'post /step',
        'get /state',
        'post /text/reset',
        'post /text/step',
        'get /text/state',
        'get /text/schema',
        'get /health',
        'get /schema',
        'get /metadata',
        'get /system_prompt',
        'get /list_environments',
        'get /{env}/splits',
        'post /{env}/tasks',
        'post /{env}/num_tasks',
        'post /{env}/task',
        'post /{env}/task_range',
      ]),
    );
  });

  test('lists neither the pages nor their files', async () => {
    expect(Object.keys((await openapi()).paths).filter((path) => /^\/(docs|redoc|openapi|web|$)/.test(path))).toEqual(
      [],
    );
  });

  test('gives every operation a described tag, a summary and a unique id', async () => {
    const all = await operations();
    expect(
      all.filter(([, { tags }]) => tags?.length !== 1 || !TAGS.includes(tags[0] ?? '')).map(([name]) => name),
    ).toEqual([]);
    expect(all.filter(([, { summary }]) => !summary).map(([name]) => name)).toEqual([]);
    expect(new Set(all.map(([, { operationId }]) => operationId)).size).toBe(all.length);
  });

  test('describes every answer', async () => {
    const all = await operations();
    const nameless = all.flatMap(([name, { responses }]) =>
      Object.entries(responses)
        .filter(([, { description }]) => !description || description === 'Default Response')
        .map(([status]) => `${name} ${status}`),
    );
    expect(nameless).toEqual([]);
  });

  test('has no dangling references', async () => {
    const document = await openapi();
    const refs = objectsIn(document).flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(refs.filter((ref) => resolveRef(document, ref) === undefined)).toEqual([]);
    expect(resolveRef(document, '#/paths/~1reset/post/requestBody')).toBeDefined();
    expect(resolveRef(document, '#/paths/~1nowhere')).toBeUndefined();
  });

  test('has only schemas that compile, and examples that match them', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    let examined = 0;
    const { paths, components } = await openapi();
    for (const { schema, examples = {} } of objectsIn(paths)) {
      if (typeof schema !== 'object' || schema === null) continue;
      const validate = ajv.compile({ ...schema, components });
      for (const { value } of Object.values(examples as Record<string, Json>)) {
        validate(value);
        expect(validate.errors, JSON.stringify(value).slice(0, 200)).toBeNull();
        examined++;
      }
    }
    expect(examined).toBeGreaterThan(10);
  });

  test('shows requests that the server accepts', async () => {
    const requests = (await operations()).flatMap(([name, { requestBody, tags }]) => {
      const content = (requestBody as Json | undefined)?.content as Record<string, Json> | undefined;
      const examples = Object.values((content?.['application/json']?.examples ?? {}) as Record<string, Json>);
      const isOurs = tags?.some((tag) => tag === 'Environment' || tag === 'Tasks');
      return isOurs ? examples.map(({ value }) => ({ path: name.split(' ')[1] ?? '', value })) : [];
    });
    expect(requests.length).toBeGreaterThan(5);
    for (const { path, value } of requests) {
      const { status, text } = await client.post(path.replace('{env}', 'ghostexec'), value);
      expect(status, text).toBe(200);
    }
  });

  test('begins with first steps, and describes the WebSockets', async () => {
    const { info } = await openapi();
    for (const words of ['curl', '/ws', '/mcp', 'resume', 'session_token', 'CAPACITY_REACHED', 'SESSION_ERROR']) {
      expect(info.description).toContain(words);
    }
  });

  test('requires no key if the server has none', async () => {
    expect(await openapi()).not.toHaveProperty('security');
  });
});

describe.each(['/docs', '/docs/'])('the page %s', (path) => {
  test('loads only files of this server', async () => {
    const { status, headers, text } = await client.get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(text).not.toMatch(/(https?:)?\/\/[a-z]/i);
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(loaded.length).toBeGreaterThan(1);
    for (const address of loaded) {
      const file = await client.get(new URL(address, `http://localhost${path}`).href.slice('http://localhost'.length));
      expect(file.status, address).toBe(200);
    }
  });

  test('has no inline script, and a policy that would forbid one', async () => {
    const { headers, text } = await client.get(path);
    for (const [, inside = ''] of text.matchAll(/<script[^>]*>([^<]*)<\/script>/g)) expect(inside.trim()).toBe('');
    const policy = headers.get('content-security-policy') ?? '';
    const directives = new Map(policy.split('; ').map((one) => [one.split(' ')[0], one.split(' ').slice(1).join(' ')]));
    expect(directives.get('default-src')).toBe("'none'");
    expect(directives.get('script-src')).toBe("'self'");
    expect(directives.get('connect-src')).toBe("'self'");
    expect(directives.get('frame-ancestors')).toBe("'self' https://huggingface.co https://*.hf.space");
    expect(headers.get('x-frame-options')).toBeNull();
  });
});

test('Swagger UI shows the same document', async () => {
  expect((await client.get('/docs/json')).body).toEqual(await openapi());
});

test.each(['/redoc', '/redoc/'])('%s leads to Swagger UI', async (path) => {
  const { status, headers } = await client.get(path);
  expect([status, headers.get('location')]).toEqual([307, '/docs']);
});

describe('with a key', () => {
  const guarded = serve({ apiKey: 'a-key-for-this-test' });

  test('the document requires a bearer token for every route but /health', async () => {
    const { body } = await guarded.get('/openapi.json', { headers: { authorization: 'Bearer a-key-for-this-test' } });
    const document = body as Document;
    expect(document.security).toEqual([{ bearer: [] }]);
    expect(resolveRef(document, '#/components/securitySchemes/bearer')).toMatchObject({
      type: 'http',
      scheme: 'bearer',
    });
    expect(document.paths['/health']?.get?.security).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('a-key-for-this-test');
  });
});
