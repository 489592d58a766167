import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { Address, Json } from '../core/job.ts'
import type { Workspace } from './tokens.ts'

/**
 * How a job's message reaches people: in the conversation it was asked in, by the command's response URL (where the bot
 * is not in that conversation), or in a direct message.
 */
const routes = ['channel', 'respond', 'person'] as const
export type Route = (typeof routes)[number]

const common = {
  team: z.string(),
  /** The conversation it was asked in. */
  channel: z.string(),
  /** The thread it was asked in, by its parent's ts. */
  thread: z.string().nullable(),
  user: z.string(),
  private: z.boolean(),
  route: z.enum(routes),
  /** The message, once there is one; a response URL gives none. */
  message: z.strictObject({ channel: z.string(), ts: z.string(), thread: z.string().nullable() }).nullable(),
}

const uploadedSchema = z.strictObject({
  /** The number of the picture. */
  n: z.number(),
  id: z.string(),
  /** Whether quality or size was given up for the upload. */
  reduced: z.boolean(),
})

const atSchema = z.strictObject({
  version: z.literal(2),
  ...common,
  enterprise: z.string().nullable(),
  /** Why the message is not in the conversation it was asked in, where people are to know. */
  hindrance: z.enum(['absent', 'closed']).nullable(),
  /** The pictures of the result that were uploaded and are perhaps not shown yet, each for one way of being shown. */
  uploaded: z.strictObject({ message: z.array(uploadedSchema), thread: z.array(uploadedSchema) }),
})
type At = z.output<typeof atSchema>

/** As it was written until late in 2026; rows of then are still read. */
const firstSchema = z.strictObject({ version: z.literal(1), ...common, invite: z.boolean() }).transform(
  ({ version: _version, invite, ...rest }): At => ({
    ...rest,
    version: 2,
    enterprise: null,
    hindrance: invite ? 'absent' : null,
    uploaded: nothing,
  }),
)

const secretSchema = z
  .strictObject({
    responseUrl: z.string(),
    /** Milliseconds since the epoch. */
    issuedAt: z.number(),
    /** Posts made to it so far, counted before each. */
    uses: z.number(),
  })
  .nullable()

/** Where a job's message is, in Slack's terms. */
export interface Place extends At {
  readonly response: z.output<typeof secretSchema>
}
export type ResponseUrl = NonNullable<Place['response']>

/** A picture as it was uploaded. */
export type Uploaded = z.output<typeof uploadedSchema>

const nothing: At['uploaded'] = { message: [], thread: [] }

/** What an adapter knows of the place when somebody asks. */
export type Origin = Pick<Place, 'team' | 'enterprise' | 'channel' | 'thread' | 'user' | 'private' | 'response'>

/** The address of a new job: in the channel it was asked in, or in a direct message when it is private. */
export function newAddress(origin: Origin): Address {
  const route = origin.private ? 'person' : 'channel'
  return toAddress({ version: 2, ...origin, route, message: null, hindrance: null, uploaded: nothing })
}

export function toAddress({ response, ...at }: Place): Address {
  return { at: { ...at }, secret: response === null ? null : { ...response } }
}

/** Throws `internal` for an address that this surface did not write. */
export function readAddress({ at, secret }: Address): Place {
  const place = z.union([atSchema, firstSchema]).safeParse(at)
  // The secret is erased once it is no longer needed.
  const response = secretSchema.safeParse(secret ?? null)
  if (!place.success || !response.success) throw new AppError('internal', { detail: 'not an address of Slack' })
  return { ...place.data, response: response.data }
}

/** Finds the job of a message; null while the place has none. */
export function messageKeyOf({ team, message }: Pick<Place, 'team' | 'message'>): string | null {
  return message === null ? null : messageKey(team, message.channel, message.ts)
}

export function messageKey(team: string, channel: string, ts: string): string {
  return `${team}:${channel}:${ts}`
}

/** A file at Slack, by its id: the URL and the rest are asked for when they are needed. */
const fileSchema = z.object({
  file: z.string(),
  // Handles of before there were many workspaces have none.
  team: z.string().default(''),
  enterprise: z.string().nullable().default(null),
})

export function toFileHandle({ team, enterprise }: Workspace, file: string): Json {
  return { file, team, enterprise }
}

/** Throws `input_gone` for a handle that this surface did not write. */
export function readFileHandle(handle: Json | undefined): { readonly workspace: Workspace; readonly file: string } {
  const parsed = fileSchema.safeParse(handle)
  if (!parsed.success) throw new AppError('input_gone', { detail: 'not a file of Slack' })
  const { file, ...workspace } = parsed.data
  return { workspace, file }
}
