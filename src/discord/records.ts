import { failureOf } from '../core/failure.ts'
import { messagesFor } from '../core/messages.ts'
import type { Studio } from '../core/studio.ts'
import { hasPictures, historyPanel, pageSize, promptLine, wordsPanel } from './history.ts'
import { choiceCount, choiceLength } from './limits.ts'
import type { Panel } from './panel.ts'
import type { Arrival, Records } from './parse.ts'
import { acknowledge, type Caller, type ReplyOptions } from './reply.ts'
import { within } from './within.ts'

type Asker = Pick<Records, 'caller' | 'person' | 'workspace'>

/** After this long without an answer to give, time is bought. */
const slowMs = 1_000
/** Suggestions that come later than this come too late for somebody who types. */
const suggestMs = 1_500
/** So many of somebody's pictures are looked through for what is typed. */
const searched = 100
/** Words after a placeholder are not in a hurry. */
const laterTerms = { patienceMs: 5_000, timeoutMs: 10_000 }

/** Answers what is asked about one's earlier pictures, for the asker's eyes only. */
export function answerRecords(asked: Records, studio: Studio, options: ReplyOptions): Promise<void> {
  const { caller, person } = asked
  const panel =
    asked.asked === 'history'
      ? history(asked, 0, studio)
      : studio.usage('discord', person.id).then((usage) => wordsPanel(messagesFor(caller.locale).usage(usage)))
  return answer(caller, panel, 'panel', options)
}

/** Turns the list that was pressed to another page. */
export function turnPage(page: Extract<Arrival, { kind: 'page' }>, studio: Studio, options: ReplyOptions) {
  return answer(page.caller, history(page, page.offset, studio), 'turned', options)
}

/** Suggests the person's own pictures where the number of one is typed. */
export async function suggest(
  { caller, person, workspace, typed }: Extract<Arrival, { kind: 'typing' }>,
  studio: Studio,
  options: ReplyOptions,
): Promise<void> {
  const looked = typed === null ? null : typed.trim().toLowerCase()
  const listed =
    looked === null
      ? null
      : await within(
          suggestMs,
          studio
            .list({ surface: 'discord', workspace, personId: person.id, limit: searched, before: null })
            .catch(() => []),
          { clock: options.tools.clock, signal: options.signal },
        )
  const choices = (listed?.value ?? [])
    .filter(hasPictures)
    .filter(({ id, request }) => id.startsWith(looked ?? '') || request.prompt.toLowerCase().includes(looked ?? ''))
    .slice(0, choiceCount)
    .map((job) => ({ name: promptLine(job, choiceLength), value: job.id }))
  await acknowledge(caller.door, { kind: 'choices', choices }, options)
}

async function history({ caller, person, workspace }: Asker, offset: number, studio: Studio): Promise<Panel> {
  const limit = offset + pageSize + 1
  const jobs = await studio.list({ surface: 'discord', workspace, personId: person.id, limit, before: null })
  return historyPanel(jobs.slice(offset), offset, caller.locale)
}

/** By the message itself when it is known soon, and else in two steps. */
async function answer(
  { door, locale }: Caller,
  asked: Promise<Panel>,
  kind: 'panel' | 'turned',
  options: ReplyOptions,
): Promise<void> {
  const { platform, tools, signal } = options
  const panel = asked.catch((error: unknown) => {
    tools.log.error({ ...failureOf(error) }, 'records not read')
    return wordsPanel([messagesFor(locale).failed(failureOf(error))])
  })
  const quick = await within(slowMs, panel, { clock: tools.clock, signal })
  if (quick !== null) {
    await acknowledge(door, { kind, panel: quick.value }, options)
    return
  }
  const opened = kind === 'turned' ? { kind: 'nothing' as const } : { kind: 'placeholder' as const, ephemeral: true }
  const said = await acknowledge(door, opened, options)
  // Acknowledged before: by a try of ours whose answer got lost, or by a replica that fills it in the same way.
  if (!said.ok && said.trouble !== 'acknowledged') return
  const filled = await platform.fillPanel(door, await panel, { signal, ...laterTerms })
  if (!filled.ok) throw filled.error
}
