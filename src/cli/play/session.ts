/** An episode played by a person: asks for an action, plays it, shows the result, and undoes steps. */

import type { Replay, Scene } from '../../analysis/replay.ts';
import { clip, fixed, quote } from '../../lib/text.ts';
import { hasChannels, type Rules } from '../../sim/rules.ts';
import { type Action, CHANNELS } from '../../world/schema.ts';
import { type Choice, choicesOf, type Item, peopleOf, preferenceOf, suggestTime, timeFrom } from './menu.ts';
import type { Other } from './show.ts';
import { showEnd, showStatus, showStep } from './show.ts';
import type { Terminal } from './terminal.ts';

const PAGE = 12;

const HELP = `Type the number of what you want to do; an empty line goes back.
  b     the briefing again, as a model reads it
  u     undo the last step
  raw   paste a completion as a model would write it, ended by an empty line
  ?     this help
  q     quit
Choose from a list by number or by id. Times are written 14:30, for the same
day, or 2026-06-22T14:30:00.`;

/** An answer that is not a value: back to the menu, or the end of the input. */
const BACK = Symbol('back');
const END = Symbol('end');
type MenuReply<T> = T | typeof BACK | typeof END;

export class PlaySession {
  private readonly terminal: Terminal;
  private readonly replay: Replay;
  private readonly rules: Rules;
  private readonly others: () => readonly Other[];
  private readonly past: { readonly scene: Scene; readonly snapshot: Uint8Array }[] = [];
  private scene: Scene;

  /** @param others Returns the results of other policies; called when the episode is over. */
  constructor(terminal: Terminal, replay: Replay, rules: Rules, others: () => readonly Other[]) {
    this.terminal = terminal;
    this.replay = replay;
    this.rules = rules;
    this.others = others;
    this.scene = replay.begin();
  }

  /** Plays until the person leaves or the input ends. */
  async run(): Promise<void> {
    const { terminal } = this;
    this.showBriefing();
    terminal.print(terminal.paint('dim', 'Type ? for help.'));
    for (;;) {
      const more = this.isOver ? await this.afterEnd() : await this.turn();
      if (!more) break;
    }
    const { step, max_steps, return: paid } = this.scene;
    if (this.isOver) return;
    terminal.print(`You left after step ${step} of ${max_steps}, with a return of ${fixed(paid, 3)} so far.`);
  }

  private get isOver(): boolean {
    return this.scene.terminated || this.scene.truncated;
  }

  /** Shows the menu once and does what is chosen. Returns whether to go on. */
  private async turn(): Promise<boolean> {
    const { terminal, scene } = this;
    terminal.print();
    showStatus(terminal, scene);
    const choices = choicesOf(scene);
    for (const [index, { text }] of choices.entries()) terminal.item(`${String(index + 1).padStart(3)}  ${text}`);
    terminal.item('  b briefing, u undo, raw, ? help, q quit', 'dim');
    const line = await terminal.ask('> ');
    switch (line) {
      case undefined:
      case 'q':
        return false;
      case '':
        return true;
      case 'b':
        this.showBriefing();
        return true;
      case '?':
        terminal.print(HELP);
        return true;
      case 'u':
        this.undo();
        return true;
      case 'raw':
        return this.play(await this.completion());
    }
    const choice = choices[Number(line) - 1];
    if (choice !== undefined) return this.play(await this.compose(choice));
    terminal.print(`There is no ${quote(line)} here; type a number from 1 to ${choices.length}, or ? for help.`);
    return true;
  }

  private async afterEnd(): Promise<boolean> {
    const line = await this.terminal.ask('u undoes the last step, an empty line leaves > ');
    if (line === 'u') this.undo();
    else if (line !== undefined && line !== '' && line !== 'q') this.terminal.print('The episode is over.');
    return line !== undefined && line !== '' && line !== 'q';
  }

  /** Plays an answer. Does nothing for BACK and END. Returns whether to go on. */
  private play(answer: MenuReply<Action | string>): boolean {
    if (answer === END) return false;
    if (answer === BACK) return true;
    const before = this.scene;
    this.past.push({ scene: before, snapshot: this.replay.snapshot() });
    this.scene = this.replay.step(answer);
    showStep(this.terminal, before, this.scene);
    if (this.isOver) showEnd(this.terminal, this.scene, this.others());
    return true;
  }

  private undo(): void {
    const last = this.past.pop();
    if (last === undefined) {
      this.terminal.print('There is nothing to undo.');
      return;
    }
    this.replay.restore(last.snapshot);
    this.scene = last.scene;
    this.terminal.print(`Step ${last.scene.step + 1} was undone.`);
  }

  private showBriefing(): void {
    this.terminal.print(this.scene.briefing);
  }

  /** Asks for the fields of an action of this type. */
  private async compose({ type, items }: Choice): Promise<MenuReply<Action>> {
    if (items === undefined) return { action_type: type };
    const id = await this.pick(items);
    if (typeof id === 'symbol') return id;
    const { world } = this.scene;
    switch (type) {
      case 'reply_email': {
        const sender = world.emails.find((email) => email.id === id)?.sender ?? '';
        return this.withText({ action_type: type, email_id: id }, preferenceOf(world, sender) ?? 'email');
      }
      case 'send_message':
        return this.withText({ action_type: type, contact_name: id }, preferenceOf(world, id) ?? 'text');
      case 'archive_email':
        return { action_type: type, email_id: id };
      case 'reschedule_meeting':
        return this.withTime(id);
      case 'cancel_meeting': {
        const reason = await this.text('why');
        return typeof reason === 'symbol' ? reason : { action_type: type, meeting_id: id, reason };
      }
      case 'delegate_task': {
        const name = await this.pick(peopleOf(world));
        return typeof name === 'symbol' ? name : { action_type: type, task_id: id, contact_name: name };
      }
      default:
        return { action_type: type, task_id: id };
    }
  }

  private async withText(action: Action, preferred: string): Promise<MenuReply<Action>> {
    const text = await this.text('what to write');
    if (typeof text === 'symbol') return text;
    const written = { ...action, message_body: text };
    if (!hasChannels(this.rules)) return written;
    for (;;) {
      const line = await this.terminal.ask(`by ${CHANNELS.join(', ')} [${preferred}] > `);
      if (line === undefined) return END;
      const channel = CHANNELS.find((one) => one === (line === '' ? preferred : line));
      if (channel !== undefined) return { ...written, channel };
      this.terminal.print(`There is no channel ${quote(line)}; expected ${CHANNELS.join(', ')}.`);
    }
  }

  private async withTime(meeting: string): Promise<MenuReply<Action>> {
    const free = suggestTime(this.scene, meeting);
    const time = await this.text('new time', free);
    if (typeof time === 'symbol') return time;
    const reason = await this.text('why', 'It clashes with another meeting.');
    if (typeof reason === 'symbol') return reason;
    const new_time = timeFrom(this.scene, time);
    return { action_type: 'reschedule_meeting', meeting_id: meeting, new_time, reason };
  }

  /** Asks for one line. An empty line is the default, or BACK if there is no default. */
  private async text(what: string, byDefault?: string): Promise<MenuReply<string>> {
    const line = await this.terminal.ask(byDefault === undefined ? `${what} > ` : `${what} [${byDefault}] > `);
    if (line === undefined) return END;
    return line === '' ? (byDefault ?? BACK) : line;
  }

  /** Reads lines up to an empty one. */
  private async completion(): Promise<MenuReply<string>> {
    this.terminal.print('Paste the completion, and end it with an empty line.');
    const lines: string[] = [];
    for (;;) {
      const line = await this.terminal.ask('| ');
      if (line === undefined && lines.length === 0) return END;
      if (line === undefined || line === '') return lines.length === 0 ? BACK : lines.join('\n');
      lines.push(line);
    }
  }

  /** Asks for one of the items, page by page. Returns its id. */
  private async pick(items: readonly Item[]): Promise<MenuReply<string>> {
    const { terminal } = this;
    for (let from = 0; ; ) {
      const page = items.slice(from, from + PAGE);
      for (const [index, { id, text }] of page.entries()) {
        terminal.item(`${String(from + index + 1).padStart(5)}  [${clip(id, 24)}] ${text}`);
      }
      const rest = items.length - from - page.length;
      const line = await terminal.ask(rest > 0 ? `which (n: ${rest} more) > ` : 'which > ');
      if (line === undefined) return END;
      if (line === '') return BACK;
      const found = items[Number(line) - 1] ?? items.find(({ id }) => id.toLowerCase() === line.toLowerCase());
      if (found !== undefined) return found.id;
      if (line === 'n') from = rest > 0 ? from + PAGE : 0;
      else terminal.print(`There is no ${quote(line)} among them; type a number or an id.`);
    }
  }
}
