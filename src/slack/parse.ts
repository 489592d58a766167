import { z } from 'zod'
import type { InputRef, JobFacts, Person } from '../core/job.ts'
import type { Problem } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { newAddress, type Origin, toFileHandle } from './address.ts'
import { definitions } from './commands.ts'
import { decodeText, withoutMention } from './escape.ts'
import { readButton } from './render.ts'

/** A person's words to the bot, whichever way they came. */
export interface Asked {
  readonly eventKey: string
  readonly origin: Omit<Origin, 'private'>
  readonly person: Person
  /** The command as it is typed there. */
  readonly command: string
  readonly words: string
  readonly inputs: readonly InputRef[]
  readonly problems: readonly Problem[]
  /** Whether it was said in a direct message to the bot. */
  readonly direct: boolean
}

/** Pictures that an asker did not attach but pointed at, by where the words were said. */
export interface Pointed {
  readonly inputs: readonly InputRef[]
  /** The job whose result they are. */
  readonly parent: Pick<JobFacts, 'id' | 'request'> | null
}

export interface PressedButton {
  readonly userId: string
  readonly responseUrl: string | null
  readonly thread: string | null
  /** What it does; null for a button that this version does not know. */
  readonly button: { readonly cancel: string } | null
}

const commandSchema = z.object({
  team_id: z.string(),
  channel_id: z.string(),
  user_id: z.string(),
  user_name: z.string().default(''),
  command: z.string(),
  text: z.string().default(''),
  response_url: z.string(),
  trigger_id: z.string(),
})

const fileSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  mimetype: z.string().nullish(),
})

const messageSchema = z.object({
  type: z.enum(['app_mention', 'message']),
  user: z.string().min(1).optional(),
  bot_id: z.string().nullish(),
  subtype: z.string().optional(),
  edited: z.unknown().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  text: z.string().default(''),
  ts: z.string(),
  thread_ts: z.string().nullish(),
  files: z.array(z.unknown()).default([]),
})

const eventSchema = z.object({
  event_id: z.string(),
  team_id: z.string().nullish(),
  context_team_id: z.string().nullish(),
  authorizations: z.array(z.object({ team_id: z.string().nullish() })).default([]),
  event: messageSchema,
})

const pressSchema = z.object({
  user: z.object({ id: z.string() }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
  response_url: z.string().nullish(),
  container: z.object({ thread_ts: z.string().nullish() }).nullish(),
})

/** A slash command; null for a payload that is none. `nowMs` is when it arrived. */
export function parseCommand(payload: unknown, nowMs: number): Asked | null {
  const parsed = commandSchema.safeParse(payload)
  if (!parsed.success) return null
  const { team_id: team, channel_id: channel, user_id: user, user_name: name, ...rest } = parsed.data
  return {
    eventKey: `slack:${rest.trigger_id}`,
    origin: {
      ...{ team, channel, user },
      // A command can't be used in a thread.
      thread: null,
      response: { responseUrl: rest.response_url, issuedAt: nowMs, uses: 0 },
    },
    person: { id: user, name: name === '' ? user : name },
    command: rest.command,
    words: decodeText(rest.text).trim(),
    inputs: [],
    problems: [],
    direct: false,
  }
}

/** A mention or a direct message; null for every other event, and for what bots say and people edit. */
export function parseMessage(body: unknown, botUserId: string): Asked | null {
  const parsed = eventSchema.safeParse(body)
  if (!parsed.success) return null
  const { event, event_id: eventId } = parsed.data
  const direct = event.type === 'message'
  if (!isWanted(event, direct) || event.user === undefined || event.user === botUserId) return null
  const { inputs, problems } = readFiles(event.files)
  const words = decodeText(withoutMention(event.text, botUserId)).trim()
  // A direct message without words or pictures (a call, a canvas) is not for us.
  if (direct && words === '' && inputs.length === 0 && problems.length === 0) return null
  const team = parsed.data.authorizations[0]?.team_id ?? parsed.data.context_team_id ?? parsed.data.team_id ?? ''
  return {
    eventKey: `slack:${eventId}`,
    origin: { team, channel: event.channel, user: event.user, thread: event.thread_ts ?? null, response: null },
    // The event has no name, and asking for it would need one more scope.
    person: { id: event.user, name: event.user },
    command: definitions.command.command,
    words,
    inputs,
    problems,
    direct,
  }
}

/** Messages of people that have a subtype all the same: with files, or shown in the channel as well as in a thread. */
const spokenSubtypes: ReadonlySet<string> = new Set(['file_share', 'thread_broadcast'])

function isWanted(event: z.output<typeof messageSchema>, direct: boolean): boolean {
  // A mention is sent again when its message is edited.
  if (event.edited !== undefined || (event.bot_id ?? null) !== null) return false
  if (direct && event.channel_type !== 'im') return false
  return event.subtype === undefined || spokenSubtypes.has(event.subtype)
}

/** The pictures among a message's files, and what is wrong with the others. Some files name nothing but their id yet. */
export function readFiles(files: readonly unknown[]): Pick<Asked, 'inputs' | 'problems'> {
  const inputs: InputRef[] = []
  const problems: Problem[] = []
  for (const file of files) {
    const parsed = fileSchema.safeParse(file)
    if (!parsed.success) continue
    const { id, name, mimetype } = parsed.data
    if (mayBePicture(mimetype)) inputs.push({ kind: 'remote', name: name ?? id, at: toFileHandle(id) })
    else problems.push({ kind: 'not_a_picture', name: name ?? id })
  }
  return { inputs, problems }
}

const picture = /^image\/(?:png|jpe?g|webp|gif|avif|hei[cf])$/

function mayBePicture(mimetype: string | null | undefined): boolean {
  // The bytes decide later; an unprocessed upload and a shared channel's stub say nothing yet.
  return mimetype === undefined || mimetype === null || mimetype === '' || picture.test(mimetype)
}

/** A pressed button; null for a payload that is none. */
export function parsePress(body: unknown): PressedButton | null {
  const parsed = pressSchema.safeParse(body)
  const [action] = parsed.data?.actions ?? []
  if (!parsed.success || action === undefined) return null
  return {
    userId: parsed.data.user.id,
    responseUrl: parsed.data.response_url ?? null,
    thread: parsed.data.container?.thread_ts ?? null,
    button: readButton(action.action_id, action.value),
  }
}

/** Whether somebody asked how to use the bot. */
export function wantsHelp({ words, inputs, problems }: Asked): boolean {
  return inputs.length === 0 && problems.length === 0 && (words === '' || /^help[.!?]?$/i.test(words))
}

/** The request in the core's terms. `receivedAt` on the monotonic clock. */
export function toAsk(asked: Asked, pointed: Pointed, receivedAt: number): Ask {
  const text = parseText(asked.words)
  const inputs = asked.inputs.length > 0 ? asked.inputs : pointed.inputs
  const isPrivate = text.input.private === true
  return {
    eventKey: asked.eventKey,
    surface: 'slack',
    workspace: asked.origin.team,
    channel: asked.origin.channel,
    person: asked.person,
    // Slack does not say which language a person reads.
    locale: 'en',
    action: inputs.length > 0 ? 'edit' : 'imagine',
    parentId: pointed.parent?.id ?? null,
    source: null,
    // What is made of a result keeps its shape, unless the words say another.
    input: pointed.parent === null ? text.input : { aspectRatio: pointed.parent.request.aspectRatio, ...text.input },
    inputs,
    problems: [...text.problems, ...asked.problems],
    // A direct message to the bot is private already.
    address: newAddress({ ...asked.origin, private: isPrivate && !asked.direct }),
    receivedAt,
  }
}
