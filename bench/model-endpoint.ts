/** An OpenAI-compatible endpoint in a process of its own, whose answers take their time: `model-endpoint.js MEDIAN_MS P99_MS`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Random } from 'ghostexec';

/** The standard normal quantile of 0.99. */
const Z_99 = 2.326;

const [median = 0, p99 = 0] = process.argv.slice(2).map(Number);
const sigma = Math.log(p99 / median) / Z_99;
const random = new Random(1);

const answer = JSON.stringify({
  model: 'slow-1',
  choices: [
    { index: 0, message: { role: 'assistant', content: '{"action_type": "do_nothing"}' }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 3000, completion_tokens: 12, total_tokens: 3012 },
});

/** A log-normal latency in milliseconds, by Box and Muller (1958). */
function draw(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
  return median * Math.exp(sigma * normal);
}

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    setTimeout(() => {
      response.setHeader('content-type', 'application/json');
      response.end(answer);
    }, draw());
  });
});

server.listen(0, '127.0.0.1', () => {
  // The mean of a log-normal distribution.
  process.send?.({ port: (server.address() as AddressInfo).port, meanMs: median * Math.exp(sigma ** 2 / 2) });
});
process.on('disconnect', () => process.exit());
