/**
 * A process of its own, with --expose-gc: compiles each document that it is sent several times, and says what each of the
 * compiled scenarios, with the lines of its first briefing, and each of its episodes hold, measured and estimated, in bytes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Episode } from '#dist/sim/episode.js';
import { briefingOf } from '#dist/sim/observation/observe.js';
import { episodeBytes, retainedBytes } from '#dist/sim/retained.js';
import { compileFor, createRuleset } from '#dist/sim/rules.js';
import { loadSpec } from '#dist/vector/spec.js';

/** Copies of a document, by its length: they take some megabytes together. */
const MEASURED = 1e6;
const EPISODES = 200;

async function used() {
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await sleep(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** As a request brings it: texts and objects of its own. */
function compile(text, rules) {
  const { scenario, drift } = JSON.parse(text);
  const loaded = loadSpec({ scenario, drift });
  return compileFor(rules, loaded.scenario, loaded.drift);
}

/** Renders the first briefing. */
function show(c, rules) {
  const episode = Episode.of(c, 'full');
  createRuleset(rules).reset(episode);
  briefingOf(episode);
}

async function measure({ text, rules }) {
  const copies = Math.max(3, Math.min(60, Math.round(MEASURED / text.length)));
  show(compile(text, rules), rules);
  const heap = await used();
  const compiled = Array.from({ length: copies }, () => compile(text, rules));
  for (const c of compiled) show(c, rules);
  const measured = ((await used()) - heap) / copies;
  const [c] = compiled;
  const before = await used();
  const episodes = Array.from({ length: EPISODES }, () => Episode.of(c, 'full'));
  const episodeMeasured = ((await used()) - before) / episodes.length;
  return { measured, estimated: retainedBytes(c), episodeMeasured, episodeEstimated: episodeBytes(c) };
}

process.once('message', async (documents) => {
  const found = [];
  for (const document of documents) found.push(await measure(document));
  process.send(found);
  process.disconnect();
});
