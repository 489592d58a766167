import { type FailureCode, failureCodes } from '../../src/core/failure.ts'
import { messagesFor } from '../../src/core/messages.ts'
import { readMarkdown } from '../discord/markdown.ts'
import type { Recorded, StandIn, StoredMessage } from '../discord/stand-in.ts'
import { nameHeader } from './halt.ts'
import type { Command, Press } from './traffic.ts'

const en = messagesFor('en')
const ephemeralFlag = 64

/** What a message says of its request. */
type Said =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'pictures'; readonly files: readonly string[] }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | { readonly kind: 'cancelled'; readonly charged: boolean }

interface Final {
  readonly message: StoredMessage
  readonly said: Exclude<Said, { kind: 'waiting' }>
  /** Where others than its person see it, too. */
  readonly open: boolean
}

/** All that the chat shows for one command, and has shown. */
export interface Answers {
  /** Whether the bot acknowledged it. */
  readonly acked: boolean
  /** Its messages that say an outcome. */
  readonly final: readonly Final[]
  /** Placeholders that nothing came of. */
  readonly stray: readonly StoredMessage[]
  /** Presses that words for the presser followed. */
  readonly told: ReadonlySet<Press>
  /** Writes that took an outcome back, or changed it into another. */
  readonly reversals: readonly string[]
}

/** Reads the chat for each command. */
export function readAnswers(standIn: StandIn, commands: readonly Command[]): ReadonlyMap<Command, Answers> {
  const messages = Map.groupBy(standIn.world.messages.values(), (message) => commandOf(message, commands))
  const spokenTo = new Set([...standIn.world.messages.values()].map(({ interactionId }) => interactionId))
  const direct = new Set(standIn.world.direct.values())
  const writes = Map.groupBy(writesTo(standIn), ({ messageId }) => messageId)
  return new Map(
    commands.map((command) => {
      const shown = (messages.get(command) ?? []).filter(({ deleted }) => !deleted)
      const final = shown.flatMap((message) => {
        const said = saidBy(
          message.content,
          message.files.map(({ filename }) => filename),
        )
        const open = (message.flags & ephemeralFlag) === 0 && !direct.has(message.channelId)
        return said.kind === 'waiting' ? [] : [{ message, said, open }]
      })
      return [
        command,
        {
          acked: command.invocation.interaction.answered === 5,
          final,
          stray: shown.filter((message) => !final.some((one) => one.message === message)),
          told: new Set(command.presses.filter(({ invocation }) => spokenTo.has(invocation.id))),
          reversals: shown.flatMap(({ id }) => reversalsIn((writes.get(id) ?? []).map(({ said }) => said))),
        },
      ]
    }),
  )
}

/** What a replica said of a command. */
export interface Spoken {
  readonly command: Command
  /** The request, for people. */
  readonly words: string
}

/** The requests that a replica made for each command, from request number `from` on. */
export function requestsOf(
  standIn: StandIn,
  commands: readonly Command[],
  replica: string,
  from: number,
): readonly Spoken[] {
  return standIn.requests.slice(from).flatMap((request) => {
    if (request.headers[nameHeader] !== replica || request.method === 'GET') return []
    const messageId = messageIdOf(standIn, request)
    const message = messageId === null ? undefined : standIn.world.messages.get(messageId)
    const byToken = interactionOf(standIn, request)
    const command =
      commands.find(({ invocation }) => invocation.id === byToken?.id) ??
      (message === undefined ? null : commandOf(message, commands))
    return command === null ? [] : [{ command, words: wordsOf(request) }]
  })
}

function wordsOf({ method, route, status, body, files }: Recorded): string {
  const { content = '' } = (body ?? {}) as { readonly content?: string }
  const line = readMarkdown(content).text.split('\n')[1] ?? ''
  return `${method} ${route} ${status} “${line}”${files.length === 0 ? '' : ` and ${files.length} files`}`
}

/** The command that a message belongs to: by its interaction, or, posted anew, by the word of its prompt. */
function commandOf(message: StoredMessage, commands: readonly Command[]): Command | null {
  const [tag] = /x\d{5}/.exec(message.content) ?? []
  return (
    commands.find(({ invocation }) => invocation.id === message.interactionId) ??
    commands.find((command) => message.interactionId === null && command.tag === tag) ??
    null
  )
}

/** What words and files amount to. */
function saidBy(content: string, files: readonly string[]): Said {
  if (files.length > 0) return { kind: 'pictures', files }
  const lines = readMarkdown(content).text.split('\n')
  const code = failureCodes.find((known) => lines.includes(en.failed({ code: known })))
  if (code !== undefined) return { kind: 'failed', code }
  const cancelled = lines.find((line) => line.startsWith('Cancelled.'))
  return cancelled === undefined
    ? { kind: 'waiting' }
    : { kind: 'cancelled', charged: cancelled !== en.cancelled(0, false) }
}

interface Write {
  readonly messageId: string
  readonly said: Said
}

/** Every write that the chat took, in the order in which it took them. */
function writesTo(standIn: StandIn): Write[] {
  return standIn.requests.flatMap((request): Write[] => {
    if (request.status !== 200 || request.method !== 'PATCH') return []
    const messageId = messageIdOf(standIn, request)
    const { content = '' } = request.body as { readonly content?: string }
    const files = request.files.map(({ name }) => name)
    return messageId === null ? [] : [{ messageId, said: saidBy(content, files) }]
  })
}

function messageIdOf(standIn: StandIn, request: Recorded): string | null {
  const [, direct] = /^\/channels\/\d+\/messages\/(\d+)$/.exec(request.path) ?? []
  return direct ?? interactionOf(standIn, request)?.originalId ?? null
}

function interactionOf(standIn: StandIn, { path }: Recorded) {
  const [, token] = /^\/webhooks\/\d+\/([^/]+)\/messages\/@original$/.exec(path) ?? []
  return token === undefined ? null : standIn.world.byToken(token)
}

/**
 * An outcome that was said stays; only its own words may be said again, or become exact: what a cancel cost, and whether
 * a request is written down after all.
 */
function reversalsIn(said: readonly Said[]): string[] {
  const outcomes = said.map((one) => (one.kind === 'failed' ? `failed (${one.code})` : one.kind))
  return outcomes.flatMap((outcome, at) => {
    const before = outcomes.slice(0, at).findLast((earlier) => earlier !== 'waiting')
    return before === undefined || before === outcome || before === 'failed (accept_unknown)'
      ? []
      : [`${before} became ${outcome}`]
  })
}
