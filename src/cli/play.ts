/** The command play: an episode played by a person. It asks for an action, plays it, shows the result, and undoes steps. */
import { Command, Option } from 'commander';
import { type Baseline, playBaselines } from '../analysis/baselines.ts';
import { Replay, type Scene } from '../analysis/replay.ts';
import { fixed, quote } from '../lib/text.ts';
import { planIn } from '../policies/oracle.ts';
import { readDrift } from '../scenarios/files.ts';
import { listTasks, taskIds } from '../scenarios/shipped.ts';
import { filesNamed, taskNamed } from '../scenarios/source.ts';
import { REWARD_MODES, type RewardMode } from '../sim/breakdown.ts';
import { DEFAULT_RULES, hasChannels, RULES, type Rules } from '../sim/rules.ts';
import { compileSpec } from '../vector/spec.ts';
import { type Action, CHANNELS, type Drift } from '../world/schema.ts';
import type { Io } from './io.ts';
import { type Choice, choicesOf, peopleOf, preferenceOf, suggestTime, timeFrom } from './play/menu.ts';
import { type Entry, type Prompts, promptsFor } from './play/prompts.ts';
import { Screen } from './play/screen.ts';
import { showEnd, showMail, showOwed, showStatus, showStep } from './play/show.ts';

type Options = { rules: Rules; rewardMode: RewardMode; drift?: string };

export function playCommand(io: Io): Command {
  return new Command('play')
    .description(
      'Play an episode in the terminal: read the briefing that a model reads, choose one action at a time, and see the grade.',
    )
    .argument('[task]', 'the id of a task, or a scenario file (default: a menu of the tasks)')
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .addOption(new Option('--reward-mode <mode>', 'which parts the reward has').choices(REWARD_MODES).default('full'))
    .option(
      '--drift <which>',
      'what changes the day while it is played: a drift file, a task whose drift to use, or none (default: the drift of the task)',
    )
    .addHelpText(
      'after',
      `
The entry "what is owed" tells who waits for what, by when, and in which state it is (rules v2); a model does not see it.
The end of the day shows it, too.
At the end your return and grade are compared with those of doing nothing, of random (the mean of 100 episodes),
of greedy, and of the best plan known.
The input may also come through a pipe; the episode is left at the end of the input.

Examples:
  $ ghostexec play phase2_core
  $ ghostexec play dinner_disaster --rules v1
  $ ghostexec play my-day.json`,
    )
    .action((task: string | undefined, options: Options) => play(task, options, io));
}

async function play(task: string | undefined, options: Options, io: Io): Promise<void> {
  const screen = new Screen(io.stdout);
  const prompts = promptsFor(io, screen);
  try {
    const days = listTasks().map(({ id, difficulty }) => ({ value: id, label: `${id} (${difficulty})` }));
    const chosen = task ?? (await prompts.choose('Which day do you play?', days));
    if (chosen !== undefined) await sessionOf(chosen, options, prompts, screen).run();
  } finally {
    prompts.close();
  }
}

function sessionOf(name: string, { rules, rewardMode, drift }: Options, prompts: Prompts, screen: Screen): PlaySession {
  const task = taskNamed(name);
  // Another drift makes another instance, whose best plan is unknown.
  const documents = drift === undefined ? task : { ...task, drift: driftNamed(drift), oracle: undefined };
  const { id, ...played } = documents;
  const spec = compileSpec({ ...played, task: id, rules, rewardMode });
  const plan = spec.oracle === undefined ? undefined : planIn(filesNamed(name).oracle, spec.compiled);
  return new PlaySession(prompts, screen, new Replay(spec), rules, () => playBaselines(spec, plan));
}

function driftNamed(which: string): Drift | undefined {
  if (which === 'none') return undefined;
  return taskIds().includes(which) ? taskNamed(which).drift : readDrift(which);
}

const COMMANDS: readonly Entry[] = [
  { value: 'b', label: 'read the briefing again' },
  { value: 'o', label: 'see what is owed, which a model does not see' },
  { value: 'u', label: 'undo the last step' },
  { value: 'raw', label: 'paste a completion as a model would write it' },
  { value: 'q', label: 'leave' },
];

class PlaySession {
  private readonly prompts: Prompts;
  private readonly screen: Screen;
  private readonly replay: Replay;
  private readonly rules: Rules;
  private readonly others: () => readonly Baseline[];
  private readonly past: { readonly scene: Scene; readonly snapshot: Uint8Array }[] = [];
  private scene: Scene;

  /** @param others Returns the results of other policies; called when the episode is over. */
  constructor(prompts: Prompts, screen: Screen, replay: Replay, rules: Rules, others: () => readonly Baseline[]) {
    this.prompts = prompts;
    this.screen = screen;
    this.replay = replay;
    this.rules = rules;
    this.others = others;
    this.scene = replay.begin();
  }

  /** Plays until the person leaves or the input ends. */
  async run(): Promise<void> {
    const { prompts, screen } = this;
    screen.text(this.scene.briefing);
    screen.wrap(prompts.advice, '', 'dim');
    let goesOn = true;
    while (goesOn && !prompts.ended) goesOn = this.isOver ? await this.afterEnd() : await this.turn();
    const { step, max_steps, return: paid } = this.scene;
    if (this.isOver) return;
    screen.print(`You left after step ${step} of ${max_steps}, with a return of ${fixed(paid, 3)} so far.`);
  }

  private get isOver(): boolean {
    return this.scene.terminated || this.scene.truncated;
  }

  /** The scenes from the beginning up to the current one. */
  private get scenes(): Scene[] {
    return [...this.past.map(({ scene }) => scene), this.scene];
  }

  /** Shows the menu once and does what is chosen. Returns whether to go on. */
  private async turn(): Promise<boolean> {
    const { prompts, screen, scene } = this;
    screen.print();
    showStatus(screen, scene);
    const choices = choicesOf(scene);
    const actions = choices.map(({ type, text }) => ({ value: type, label: text }));
    const commands = COMMANDS.filter(({ value }) => value !== 'o' || scene.owed !== null);
    const chosen = await prompts.choose('What do you do?', [...actions, ...commands]);
    const choice = choices.find(({ type }) => type === chosen);
    if (chosen === 'q') return false;
    if (chosen === 'b') screen.text(scene.briefing);
    else if (chosen === 'o') showOwed(screen, this.scenes);
    else if (chosen === 'u') this.undo();
    else if (chosen === 'raw') this.play(await prompts.lines('The completion'));
    else if (choice !== undefined) this.play(await this.compose(choice));
    return true;
  }

  private async afterEnd(): Promise<boolean> {
    const entries = COMMANDS.filter(({ value }) => value === 'u' || value === 'q');
    const chosen = await this.prompts.choose('The episode is over.', [...entries].reverse());
    if (chosen === 'u') this.undo();
    return chosen === 'u';
  }

  /** Plays an answer. Does nothing without one. */
  private play(answer: Action | string | undefined): void {
    if (answer === undefined) return;
    const before = this.scene;
    this.past.push({ scene: before, snapshot: this.replay.snapshot() });
    this.scene = this.replay.step(answer);
    showStep(this.screen, before, this.scene);
    if (!this.isOver) return;
    showOwed(this.screen, this.scenes);
    showEnd(this.screen, this.scene, this.others());
  }

  private undo(): void {
    const last = this.past.pop();
    if (last === undefined) {
      this.screen.print('There is nothing to undo.');
      return;
    }
    this.replay.restore(last.snapshot);
    this.scene = last.scene;
    this.screen.print(`Step ${last.scene.step + 1} was undone.`);
  }

  /** Asks for the fields of an action of this type. Returns undefined if the person goes back. */
  private async compose({ type, items }: Choice): Promise<Action | undefined> {
    if (items === undefined) return { action_type: type };
    const id = await this.prompts.choose('Which?', items);
    if (id === undefined) return undefined;
    const { world } = this.scene;
    switch (type) {
      case 'reply_email': {
        const email = world.emails.find((one) => one.id === id);
        if (email !== undefined) showMail(this.screen, email);
        const preferred = preferenceOf(world, email?.sender ?? '') ?? 'email';
        return this.withText({ action_type: type, email_id: id }, preferred);
      }
      case 'send_message':
        return this.withText({ action_type: type, contact_name: id }, preferenceOf(world, id) ?? 'text');
      case 'archive_email':
        return { action_type: type, email_id: id };
      case 'reschedule_meeting':
        return this.withTime(id);
      case 'cancel_meeting': {
        const reason = await this.prompts.line('Why?');
        return reason === undefined ? undefined : { action_type: type, meeting_id: id, reason };
      }
      case 'delegate_task': {
        const name = await this.prompts.choose('To whom?', peopleOf(world));
        return name === undefined ? undefined : { action_type: type, task_id: id, contact_name: name };
      }
      default:
        return { action_type: type, task_id: id };
    }
  }

  private async withText(action: Action, preferred: string): Promise<Action | undefined> {
    const message_body = await this.prompts.line('What do you write?');
    if (message_body === undefined) return undefined;
    if (!hasChannels(this.rules)) return { ...action, message_body };
    const channels = CHANNELS.map((value) => ({ value, label: value === preferred ? `${value} (preferred)` : value }));
    const chosen = await this.prompts.choose('By which channel?', channels, preferred);
    const channel = CHANNELS.find((one) => one === chosen);
    return channel && { ...action, message_body, channel };
  }

  private async withTime(meeting: string): Promise<Action | undefined> {
    const new_time = await this.askTime(meeting);
    if (new_time === undefined) return undefined;
    const reason = await this.prompts.line('Why?', 'It clashes with another meeting.');
    if (reason === undefined) return undefined;
    return { action_type: 'reschedule_meeting', meeting_id: meeting, new_time, reason };
  }

  /** Asks for a time until it can be read. Undefined if the person goes back. */
  private async askTime(meeting: string): Promise<string | undefined> {
    const { prompts, screen, scene } = this;
    for (;;) {
      const text = await prompts.line(
        'New time, as 14:30 or 2026-06-22T14:30:00',
        suggestTime(this.replay.observation, meeting),
      );
      const time = text === undefined ? undefined : timeFrom(scene, text);
      if (text === undefined || time !== undefined) return time;
      screen.wrap(`${quote(text)} is not a time; expected a time of this day, as 14:30, or 2026-06-22T14:30:00.`);
    }
  }
}
