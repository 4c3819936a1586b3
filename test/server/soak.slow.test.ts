/** 2,048 concurrent sessions each play a whole episode: all are served alike, and their memory is freed. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type ServerProcess, startServerProcess } from './support-process.ts';

const SESSIONS = 2_048;
const TASK = 'phase2_core';

let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess();
});
afterAll(async () => {
  await server.stop();
});

type Answer = {
  type: string;
  data: { reward: number; done: boolean; observation: { grade: { grade: number } | null } };
};

/** Opens `count` sockets, at most 128 at a time, because the backlog of a listening socket is limited. */
async function openSockets(count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(128, count - sockets.length) }, async () => {
      const socket = new WebSocket(`${server.address.replace('http', 'ws')}/ws`, { perMessageDeflate: false });
      await once(socket, 'open');
      return socket;
    });
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Plays one episode. @returns its return, its number of steps and its grade */
function play(socket: WebSocket, index: number): Promise<{ return: number; steps: number; grade: number }> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    let steps = -1;
    socket.on('close', (code, reason) => reject(new Error(`socket ${index} was closed: ${code} ${reason}`)));
    socket.on('message', (message) => {
      const { type, data }: Answer = JSON.parse(String(message));
      if (type !== 'observation') return reject(new Error(`socket ${index}: ${String(message).slice(0, 300)}`));
      steps++;
      sum += data.reward;
      if (data.done) return resolve({ return: sum, steps, grade: data.observation.grade?.grade ?? Number.NaN });
      // Sessions with an even index do tasks, the others wait.
      const work = { action_type: 'complete_task', task_id: `t0${1 + (steps % 4)}` };
      socket.send(JSON.stringify({ type: 'step', data: index % 2 === 0 ? work : { action_type: 'do_nothing' } }));
    });
    socket.send(JSON.stringify({ type: 'reset', data: { task_id: TASK, seed: index } }));
  });
}

async function wave(): Promise<void> {
  const sockets = await openSockets(SESSIONS);
  const played = await Promise.all(sockets.map(play));
  for (const parity of [0, 1]) {
    const alike = played.filter((_, index) => index % 2 === parity);
    expect(alike).toHaveLength(SESSIONS / 2);
    for (const one of alike) expect(one).toEqual(alike[0]);
  }
  expect(played[0]?.grade).toBeGreaterThan(played[1]?.grade ?? Number.NaN);
  await Promise.all(
    sockets.map((socket) => {
      socket.removeAllListeners('close');
      const closed = once(socket, 'close');
      socket.send('{"type":"close"}');
      return closed;
    }),
  );
}

test(`${SESSIONS} sessions play at once, and a second round takes no more memory`, {
  timeout: 240_000,
}, async () => {
  await wave();
  const first = await server.memory();
  await wave();
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(metrics).toMatch(/^ghostexec_sessions 0$/m);
  // Resident memory includes what the allocator keeps, hence the margin in MiB. A leak would be a session's memory times 2,048.
  expect(await server.memory()).toBeLessThan(first + 64);
});
