/** The code of the thread that reads large completions. Piscina calls the default export. */
import { type ReadAction, readAction, remarkOf } from '../../world/completion/completion.ts';

/** The result of the thread. Symbols are not copied between threads, so the remark of the action is sent beside it. */
export type SentCompletion = { readonly action: ReadAction; readonly remark: string | undefined };

export default function read(completion: string): SentCompletion {
  const action = readAction(completion);
  return { action, remark: remarkOf(action) };
}
