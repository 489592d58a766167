import { z } from 'zod'
import type { Person } from '../core/job.ts'
import { linkAction, readButton } from './action-id.ts'
import type { Origin } from './address.ts'
import { type Heard, type Pictures, readFiles } from './parse.ts'
import type { Press } from './press.ts'
import type { Workspace } from './tokens.ts'

/** A shortcut was chosen; the message it was chosen at is null for one that is everywhere. */
export interface Shortcut {
  readonly callbackId: string
  readonly triggerId: string
  readonly person: Person
  readonly message: ShortcutMessage | null
}

export interface ShortcutMessage extends Pictures {
  readonly ts: string
  /** Whether the bot wrote it. */
  readonly own: boolean
  /** Where it stands; an answer goes into its thread. */
  readonly origin: Omit<Origin, 'private'>
}

/** Who did something. */
export const userSchema = z.object({
  id: z.string(),
  username: z.string().optional(),
  name: z.string().optional(),
})

const pressSchema = z.object({
  user: userSchema,
  trigger_id: z.string(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
  response_url: z.string().nullish(),
  channel: z.object({ id: z.string() }).nullish(),
  container: z.object({ thread_ts: z.string().nullish(), channel_id: z.string().nullish() }).nullish(),
})

const shortcutSchema = z.object({
  callback_id: z.string(),
  trigger_id: z.string(),
  user: userSchema,
  response_url: z.string().nullish(),
  channel: z.object({ id: z.string() }).nullish(),
  message: z
    .object({
      ts: z.string(),
      thread_ts: z.string().nullish(),
      user: z.string().nullish(),
      files: z.array(z.unknown()).default([]),
    })
    .nullish(),
})

/** A pressed button; null for a payload that is none, and for a link. `nowMs` is when it arrived. */
export function parsePress(
  body: unknown,
  workspace: Workspace,
  nowMs: number,
): Omit<Press, 'ack' | 'receivedAt'> | null {
  const parsed = pressSchema.safeParse(body)
  const [action] = parsed.data?.actions ?? []
  if (!parsed.success || action === undefined || action.action_id === linkAction) return null
  const { user, trigger_id: triggerId, response_url: url, channel, container } = parsed.data
  const at = channel?.id ?? container?.channel_id ?? null
  const thread = container?.thread_ts ?? null
  return {
    eventKey: `slack:${triggerId}`,
    workspace,
    person: personOf(user),
    button: readButton(action.action_id, action.value),
    origin: at === null ? null : { ...workspace, channel: at, thread, user: user.id, response: responseOf(url, nowMs) },
    triggerId,
  }
}

/** A shortcut, at a message or everywhere; null for a payload that is none. */
export function parseShortcut(body: unknown, { workspace, botUserId }: Heard, nowMs: number): Shortcut | null {
  const parsed = shortcutSchema.safeParse(body)
  if (!parsed.success) return null
  const { callback_id: callbackId, trigger_id: triggerId, user, response_url: url, channel, message } = parsed.data
  const common = { callbackId, triggerId, person: personOf(user) }
  if (channel == null || message == null) return { ...common, message: null }
  return {
    ...common,
    message: {
      ts: message.ts,
      own: message.user === botUserId,
      ...readFiles(message.files, workspace),
      origin: {
        ...{ ...workspace, channel: channel.id, user: user.id },
        thread: message.thread_ts ?? message.ts,
        response: responseOf(url, nowMs),
      },
    },
  }
}

function responseOf(url: string | null | undefined, nowMs: number): Origin['response'] {
  return url == null ? null : { responseUrl: url, issuedAt: nowMs, uses: 0 }
}

export function personOf({ id, username, name }: z.output<typeof userSchema>): Person {
  return { id, name: username ?? name ?? id }
}
