import { type Failure, failureOf } from '../core/failure.ts'
import type { Log } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Forms } from './forms.ts'
import { historyMessage, usageMessage } from './history.ts'
import { type Asked, type Pointed, toAsk, type Wish, wishOf } from './parse.ts'
import { listedRecords } from './record.ts'
import type { SlackReply } from './reply.ts'
import { picturesOfThread } from './thread.ts'
import type { SlackApi } from './web-api.ts'

export interface SpokenDeps {
  readonly studio: Studio
  readonly forms: Forms
  readonly api: SlackApi
  readonly log: Log
}

/** Answers what somebody typed: a command, a mention, a direct message. `receivedAt` on the monotonic clock. */
export async function answerSpoken(asked: Asked, own: SlackReply, receivedAt: number, deps: SpokenDeps): Promise<void> {
  const wish = wishOf(asked)
  if (wish !== null) return grant(wish, asked, own, deps)
  const pointed = await pointedAt(asked, deps)
  if ('code' in pointed) return own.refuse({ kind: 'failure', failure: pointed })
  await deps.studio.imagine(toAsk(asked, pointed, receivedAt), own)
  await own.settle()
}

async function grant(wish: Wish, asked: Asked, own: SlackReply, { studio, forms, log }: SpokenDeps): Promise<void> {
  if (wish === 'help') return own.refuse({ kind: 'help' })
  if (wish === 'form') return openForm(asked, own, forms)
  // Nothing is written down, so nothing is lost by an early ack.
  await own.settle()
  const { team, user } = asked.origin
  try {
    if (wish === 'usage') return await own.say(usageMessage(await studio.usage('slack', user)))
    const query = { surface: 'slack', workspace: team, personId: user, limit: listedRecords, before: null }
    await own.say(historyMessage(await studio.list(query), asked.command))
  } catch (error) {
    const { code, detail } = failureOf(error)
    log.warn({ failure: code, detail }, 'a list was not shown')
    await own.refuse({ kind: 'failure', failure: { code } })
  }
}

async function openForm(asked: Asked, own: SlackReply, forms: Forms): Promise<void> {
  const { origin, triggerId } = asked
  // The form and the ack are on the wire at the same time: its trigger lives for three seconds only.
  const opening = forms.create({ workspace: origin, triggerId: triggerId ?? '' }, asked)
  await own.settle()
  const notice = await opening
  if (notice !== null) await own.refuse(notice)
}

/** The pictures of the thread; a failure when we can't see whether it has any, for words alone may then be wrong. */
async function pointedAt(asked: Asked, { studio, api, log }: SpokenDeps): Promise<Pointed | Failure> {
  const { thread } = asked.origin
  if (thread === null || asked.inputs.length > 0) return { inputs: [], omitted: [], parent: null }
  try {
    return await picturesOfThread(asked.origin, studio, api)
  } catch (error) {
    const { code, detail } = failureOf(error)
    log.warn({ failure: code, detail }, 'the first message of a thread can’t be read')
    return { code: code === 'store_unavailable' ? code : 'input_unreachable' }
  }
}
