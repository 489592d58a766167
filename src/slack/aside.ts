import { failureOf } from '../core/failure.ts'
import type { Notice } from '../core/view.ts'
import type { Origin } from './address.ts'
import { definitions } from './commands.ts'
import { type Message, renderNotice } from './render.ts'
import type { ReplyDeps } from './reply.ts'

/** Whom words are for, and where that person was. */
export type Listener = Pick<Origin, 'team' | 'enterprise' | 'user' | 'response'> & {
  /** Null: nowhere in particular. */
  readonly at: { readonly thread: string | null } | null
}

/** Says words to one person who did something that can't be answered itself. */
export async function tellAside(to: Listener, notice: Notice, deps: ReplyDeps): Promise<void> {
  return sayAside(to, renderNotice(notice, 'en', definitions.command.command), deps)
}

/** The same with a message that is drawn already: by the response URL where there is one, else in a direct message. */
export async function sayAside(to: Listener, words: Message, { poster, responses, call }: ReplyDeps): Promise<void> {
  const { team, enterprise, user, response, at } = to
  if (response !== null && responses.left(response) > 0) {
    const thread = at?.thread == null ? {} : { thread_ts: at.thread }
    try {
      await responses.post(responses.use(response), { ...words, ...thread }, 'ephemeral', call)
      return
    } catch (error) {
      if (failureOf(error).code === 'not_ours') throw error
    }
  }
  const reader = { workspace: { team, enterprise }, channel: user, user, thread: null, direct: true }
  await poster.whisper(reader, words, call)
}
