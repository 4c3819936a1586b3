/** The end of `ghostexec serve`: signals, pending requests, and output without a reader. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bodyOf, request, rest, statusOf } from './support-guard.ts';
import { linesOf, type Served, serve } from './support-serve.ts';

describe('the end of the process', () => {
  /** Sends a POST /reset without its body. Resolves once the server has received the headers. */
  async function begin(port: number, headers: Record<string, string> = {}): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.write(request('POST /reset', { Expect: '100-continue', 'Content-Length': '2', ...headers }));
    await once(socket, 'data');
    return socket;
  }

  /** Sends the signal. Resolves once the server has reported on stderr that it stops. */
  async function stop(served: Served, signal: NodeJS.Signals): Promise<void> {
    served.child.kill(signal);
    while (!served.err().includes('Stopping')) await once(served.child.stderr ?? served.child, 'data');
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('%s with an open idle connection: 0', async (signal) => {
    const served = await serve();
    const socket = connect(served.port, '127.0.0.1');
    socket.write('GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const closed = rest(socket);
    served.child.kill(signal);
    expect(await served.ended).toBe(0);
    await closed;
  });

  test('a pending request is answered, new connections are refused, then exit 0', async () => {
    const served = await serve();
    const socket = await begin(served.port, { Connection: 'keep-alive' });
    await stop(served, 'SIGTERM');
    const refused = await new Promise<string | undefined>((resolve) => {
      const late = connect(served.port, '127.0.0.1');
      late.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      late.on('connect', () => late.write('GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      late.on('data', () => resolve('answered'));
      late.on('close', () => resolve('closed'));
    });
    expect(refused).not.toBe('answered');
    socket.write('{}');
    const answer = await rest(socket);
    expect(statusOf(answer)).toBe(200);
    expect(bodyOf(answer)).toMatchObject({ done: false });
    expect(await served.ended).toBe(0);
  });

  test('an incomplete request does not delay the exit: 0', async () => {
    const served = await serve();
    const socket = await begin(served.port);
    const closed = rest(socket);
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    expect(await closed).toBe('');
  });

  test('a second signal ends the process at once: 130', async () => {
    const served = await serve();
    const socket = await begin(served.port);
    const closed = rest(socket);
    await stop(served, 'SIGINT');
    served.child.kill('SIGINT');
    expect(await served.ended).toBe(130);
    await closed;
  });

  test('an uncaught error is logged as fatal: 1', async () => {
    const bomb = "data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('boom')})";
    const served = await serve(['--port', '0'], { NODE_OPTIONS: `--import "${bomb}"` });
    served.child.kill('SIGUSR2');
    expect(await served.ended).toBe(1);
    expect(served.err()).toContain('ghostexec: boom\n');
    expect(linesOf(served.out()).at(-1)).toMatchObject({ level: 60, msg: 'the server failed and exits' });
  });

  test('the server keeps serving if its output has no reader', async () => {
    const served = await serve();
    served.child.stdout?.destroy();
    served.child.stderr?.destroy();
    for (let i = 0; i < 20; i++) expect((await fetch(`${served.url}/state`)).status).toBe(200);
    const exit = once(served.child, 'exit');
    served.child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  });
});
