import { z } from 'zod'
import { resultInputs } from '../core/follow-up.ts'
import type { InputRef, Job, Omitted, Person } from '../core/job.ts'
import { type Problem, requestLimits } from '../core/request.ts'
import type { Ask } from '../core/studio.ts'
import { parseText } from '../core/text.ts'
import { newAddress, type Origin, toFileHandle } from './address.ts'
import { definitions } from './commands.ts'
import { decodeText, withoutMention } from './escape.ts'
import type { Workspace } from './tokens.ts'

/** Pictures that were pointed at: those to use, and those left out. */
export interface Pictures {
  readonly inputs: readonly InputRef[]
  readonly omitted: readonly Omitted[]
}

/** A person's words to the bot, whichever way they came. */
export interface Asked extends Pictures {
  readonly eventKey: string
  readonly origin: Omit<Origin, 'private'>
  readonly person: Person
  /** The command as it is typed there. */
  readonly command: string
  readonly words: string
  /** Whether it was said in a direct message to the bot. */
  readonly direct: boolean
  /** Opens one form within three seconds; null where there is none. */
  readonly triggerId: string | null
}

/** Pictures that an asker did not attach but pointed at, by where the words were said. */
export interface Pointed extends Pictures {
  /** The job whose result they are. */
  readonly parent: Pick<Job, 'id' | 'request'> | null
}

/** What somebody wants who says no more than one word, or none. */
export type Wish = 'form' | 'help' | 'history' | 'usage'

/** Where a payload belongs, as Bolt found it. */
export interface Heard {
  readonly workspace: Workspace
  readonly botUserId: string
}

const commandSchema = z.object({
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
  user_profile: z.object({ display_name: z.string().nullish(), real_name: z.string().nullish() }).nullish().catch(null),
})

const eventSchema = z.object({ event_id: z.string(), event: messageSchema })

/** A slash command; null for a payload that is none. `nowMs` is when it arrived. */
export function parseCommand(payload: unknown, workspace: Workspace, nowMs: number): Asked | null {
  const parsed = commandSchema.safeParse(payload)
  if (!parsed.success) return null
  const { channel_id: channel, user_id: user, user_name: name, ...rest } = parsed.data
  return {
    eventKey: `slack:${rest.trigger_id}`,
    origin: {
      ...{ ...workspace, channel, user },
      // A command can't be used in a thread.
      thread: null,
      response: { responseUrl: rest.response_url, issuedAt: nowMs, uses: 0 },
    },
    person: { id: user, name: name === '' ? user : name },
    command: rest.command,
    words: decodeText(rest.text).trim(),
    inputs: [],
    omitted: [],
    direct: false,
    triggerId: rest.trigger_id,
  }
}

/** A mention or a direct message; null for every other event, and for what bots say and people edit. */
export function parseMessage(body: unknown, { workspace, botUserId }: Heard): Asked | null {
  const parsed = eventSchema.safeParse(body)
  if (!parsed.success) return null
  const { event, event_id: eventId } = parsed.data
  const direct = event.type === 'message'
  if (!isWanted(event, direct) || event.user === undefined || event.user === botUserId) return null
  const files = readFiles(event.files, workspace)
  const words = decodeText(withoutMention(event.text, botUserId)).trim()
  // A direct message without words or pictures (a call, a canvas) is not for us.
  if (direct && words === '' && files.inputs.length === 0 && files.omitted.length === 0) return null
  return {
    eventKey: `slack:${eventId}`,
    origin: {
      ...{ ...workspace, channel: event.channel, user: event.user, thread: event.thread_ts ?? null },
      response: null,
    },
    person: { id: event.user, name: nameOf(event.user_profile) ?? event.user },
    command: definitions.command.command,
    words,
    ...files,
    direct,
    triggerId: null,
  }
}

/** Only people of other organisations come with their name (bolt-js#2160); asking for it would need one more scope. */
function nameOf(profile: z.output<typeof messageSchema>['user_profile']): string | null {
  return [profile?.display_name, profile?.real_name].find((name) => name != null && name !== '') ?? null
}

/** Messages of people that have a subtype all the same: with files, or shown in the channel as well as in a thread. */
const spokenSubtypes: ReadonlySet<string> = new Set(['file_share', 'thread_broadcast'])

function isWanted(event: z.output<typeof messageSchema>, direct: boolean): boolean {
  // A mention is sent again when its message is edited.
  if (event.edited !== undefined || (event.bot_id ?? null) !== null) return false
  if (direct && event.channel_type !== 'im') return false
  return event.subtype === undefined || spokenSubtypes.has(event.subtype)
}

/** The pictures among a message's files, and the others. Some files name nothing but their id yet. */
export function readFiles(files: readonly unknown[], workspace: Workspace): Pictures {
  const inputs: InputRef[] = []
  const omitted: Omitted[] = []
  for (const file of files) {
    const parsed = fileSchema.safeParse(file)
    if (!parsed.success) continue
    const { id, mimetype } = parsed.data
    const name = parsed.data.name ?? id
    if (!mayBePicture(mimetype)) omitted.push({ name, why: 'not_a_picture' })
    else if (inputs.length === requestLimits.inputs) omitted.push({ name, why: 'too_many' })
    else inputs.push({ kind: 'remote', name, at: toFileHandle(workspace, id) })
  }
  return { inputs, omitted }
}

const picture = /^image\/(?:png|jpe?g|webp|gif|avif|hei[cf])$/

function mayBePicture(mimetype: string | null | undefined): boolean {
  // The bytes decide later; an unprocessed upload and a shared channel's stub say nothing yet.
  return mimetype === undefined || mimetype === null || mimetype === '' || picture.test(mimetype)
}

/** What is wanted by words that are no request; null for a request. */
export function wishOf({ words, inputs, omitted, triggerId }: Asked): Wish | null {
  if (inputs.length > 0 || omitted.length > 0) return null
  if (words === '') return triggerId === null ? 'help' : 'form'
  const [, word] = /^(help|history|usage)[.!?]?$/i.exec(words) ?? []
  return word === undefined ? null : (word.toLowerCase() as Wish)
}

/** The request in the core's terms. `receivedAt` on the monotonic clock. */
export function toAsk(asked: Asked, pointed: Pointed, receivedAt: number): Ask {
  const text = parseText(asked.words)
  const inputs = asked.inputs.length > 0 ? asked.inputs : pointed.inputs
  const omitted = [...asked.omitted, ...pointed.omitted]
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
    omitted: inputs.length > 0 ? omitted : [],
    problems: [...text.problems, ...(inputs.length > 0 ? [] : omitted.map(unusable))],
    // A direct message to the bot is private already.
    address: newAddress({ ...asked.origin, private: isPrivate && !asked.direct }),
    receivedAt,
  }
}

/** Nothing that was pointed at is a picture: then there is nothing to go on with. */
export function unusable({ name }: Omitted): Problem {
  return { kind: 'not_a_picture', name }
}

/** The pictures of a job, pointed at by where something was said or pressed. */
export function picturesOf(job: Job): Pointed {
  return { inputs: resultInputs(job), omitted: [], parent: job }
}
