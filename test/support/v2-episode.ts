/** Shortcuts to start the simulator under rules v2. */
import type { RewardMode } from '../../src/sim/breakdown.ts';
import { Episode } from '../../src/sim/episode.ts';
import { type Metadata, metadataOf } from '../../src/sim/observation/metadata.ts';
import { compileV2 } from '../../src/sim/v2/instance.ts';
import { RulesV2 } from '../../src/sim/v2/step.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { ASK_STATES, STATUSES } from '../../src/world/day.ts';
import { exportWorld, type WorldExport } from '../../src/world/export.ts';
import { driftSchema, type Scenario, type ScenarioInput, scenarioSchema } from '../../src/world/schema.ts';
import { parseWith } from '../../src/world/validate.ts';
import { textOf } from './briefing.ts';
import { shippedDocuments } from './documents.ts';
import { IDLE } from './v2-worlds.ts';

export type Played = {
  readonly reward: number;
  readonly metadata: Metadata;
  /** The reward without the price of an idle or invalid step. */
  readonly paid: number;
};

export type AskState = { readonly kind: string; readonly state: string };

export type Options = { readonly drift?: unknown; readonly mode?: RewardMode; readonly oracle?: number };

export class OfficeDay {
  readonly c: CompiledScenario;
  readonly world: Scenario;
  readonly episode: Episode;
  readonly rules = new RulesV2();
  /** Sum of the rewards so far. */
  total = 0;

  constructor(scenario: ScenarioInput, { drift, mode = 'full', oracle }: Options = {}) {
    this.world = parseWith(scenarioSchema, scenario, 'scenario');
    const changes = drift === undefined || drift === null ? undefined : parseWith(driftSchema, drift, 'drift');
    this.c = compileV2(this.world, changes, oracle);
    this.episode = Episode.of(this.c, mode);
    this.rules.reset(this.episode);
  }

  get isOver(): boolean {
    return !this.episode.s.active;
  }

  step(answer: unknown): Played {
    const { episode, rules } = this;
    const reward = rules.step(episode, readAction(answer));
    const { invalid_step_adjustment, do_nothing_floor } = rules.breakdown;
    this.total += reward;
    return {
      reward,
      metadata: metadataOf(episode, { ...rules.breakdown }),
      paid: reward - invalid_step_adjustment - do_nothing_floor,
    };
  }

  /** Plays the actions one after the other. Returns the last step. */
  play(...answers: unknown[]): Played {
    return answers.map((answer) => this.step(answer)).at(-1) ?? this.step(IDLE);
  }

  /** Does nothing until the day is over. */
  wait(): this {
    while (!this.isOver) this.step(IDLE);
    return this;
  }

  /** Does nothing until the clock shows `HH:MM` or later. */
  waitUntil(clock: string): this {
    while (!this.isOver && this.now < clock) this.step(IDLE);
    return this;
  }

  /** `09:15`. */
  get now(): string {
    return new Date(this.episode.s.clock / 1_000).toISOString().slice(11, 16);
  }

  /** The status of an obligation; undefined if there is none with this id. */
  status(id: string): string | undefined {
    const at = this.c.day?.obligations.findIndex((one) => one.id === id) ?? -1;
    return at < 0 ? undefined : STATUSES[this.episode.s.obligation[at] ?? -1];
  }

  /** The asks of a reply `reply:EMAIL`, each with its state. */
  asks(id: string): AskState[] {
    const { day, world } = this.c;
    const at = day?.obligations.findIndex((one) => one.id === id) ?? -1;
    const from = day?.askStart[at] ?? 0;
    const asks = world.emails[day?.obligations[at]?.subject ?? -1]?.asks ?? [];
    return asks.map(({ kind }, index) => ({ kind, state: ASK_STATES[this.episode.s.ask[from + index] ?? 0] ?? '' }));
  }

  statuses(): Map<string, string> {
    return new Map((this.c.day?.obligations ?? []).map(({ id }) => [id, this.status(id) ?? '']));
  }

  mood(name: string): string | undefined {
    return this.export().contacts.find((contact) => contact.name === name)?.mood;
  }

  /** Ids of the emails that have arrived. */
  inbox(): string[] {
    return this.export().emails.map(({ id }) => id);
  }

  export(): WorldExport {
    return exportWorld(this.c, this.episode.s);
  }

  metadata(): Metadata {
    return metadataOf(this.episode);
  }

  briefing(): string {
    return textOf(this.episode);
  }

  get note(): string {
    return this.episode.note;
  }

  get news(): string {
    return this.episode.news;
  }

  /** Whether the last step was valid. */
  get ok(): boolean {
    return this.episode.s.stepOk;
  }

  /** The part of the state that has worth, as text, so that states can be compared. */
  ledger(): string {
    return Buffer.from(this.episode.s.ledger).toString('hex');
  }

  bytes(): string {
    return Buffer.from(this.episode.s.region).toString('hex');
  }
}

/** Every shipped task as a day. */
export function shippedDays(): { name: string; open: () => OfficeDay; world: ScenarioInput; drift: unknown }[] {
  return shippedDocuments()
    .filter(({ name }) => !name.endsWith('.oracle.json'))
    .map(({ name, scenario, drift }) => {
      const world = scenario as ScenarioInput;
      return { name, world, drift, open: () => new OfficeDay(world, { drift }) };
    });
}
