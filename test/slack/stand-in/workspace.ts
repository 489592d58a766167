import { checkBlocks, type Fields, type Json, pingsIn, readMarkup, type SeenBlocks } from './blocks.ts'

/** The state of one Slack workspace: conversations, messages, files. */
export interface Channel {
  readonly id: string
  readonly kind: 'public' | 'private' | 'mpim' | 'im'
  readonly members: Set<string>
  archived: boolean
}

interface Message {
  readonly channel: string
  readonly ts: string
  readonly user: string
  readonly thread: string | null
  readonly files: readonly string[]
  /** Only this person sees it. */
  readonly onlyFor: string | null
  text: string
  seen: SeenBlocks
  blockIds: readonly string[]
  edits: number
}

export interface File {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly length: number
  readonly alt: string
  bytes: Buffer | null
  mimetype: string
  completed: boolean
  /** Looks that still show it unprocessed. */
  looksLeft: number
  readonly shares: Map<string, string>
  /** Shared channels and young uploads: an event names only its id. */
  readonly stub: boolean
  /** Where its download leads instead, by a redirect. */
  readonly redirect: string | null
}

/** A message as a person sees it. */
export interface Seen {
  readonly channel: string
  readonly ts: string
  readonly thread: string | null
  readonly onlyFor: string | null
  /** As a notification or a screen reader says it. */
  readonly text: string
  readonly lines: readonly string[]
  readonly images: readonly {
    readonly id: string
    readonly alt: string
    readonly bytes: Buffer
    readonly type: string
    /** Where Slack was told to fetch it, as opposed to a file. */
    readonly url: string
  }[]
  readonly buttons: SeenBlocks['buttons']
  /** Names of the files attached, as opposed to shown in the message. */
  readonly files: readonly string[]
  readonly edits: number
}

/** A refusal of the Web API. */
export class Refused extends Error {
  readonly extra: Fields
  constructor(error: string, extra: Fields = {}) {
    super(error)
    this.extra = extra
  }
}

export interface Workspace {
  readonly team: string
  readonly bot: string
  readonly channels: Map<string, Channel>
  readonly messages: Message[]
  readonly files: Map<string, File>
  /** Rules that were broken: a test that finds any fails. */
  readonly violations: string[]
  /** Everybody and everything that was called by a message. */
  readonly pings: string[]
  /** The status line of each thread, by conversation and thread. */
  readonly statuses: Map<string, string>
  /** Whether Slack can fetch a picture from an address. */
  reaches: (url: string) => boolean
  nextTs(): string
  nextId(prefix: string): string
  addChannel(kind: Channel['kind'], members: readonly string[], id?: string): Channel
  dmOf(user: string): Channel
  /** A message of the bot's. Throws `Refused`. */
  write(draft: Draft): Message
  rewrite(message: Message, body: Fields): void
  see(message: Message): Seen
}

interface Draft {
  readonly channel: string
  readonly thread: string | null
  readonly onlyFor: string | null
  readonly body: Fields
}

const shownTypes = new Set(['image/png', 'image/jpeg', 'image/gif'])

export function createWorkspace(): Workspace {
  const channels = new Map<string, Channel>()
  const messages: Message[] = []
  const files = new Map<string, File>()
  const violations: string[] = []
  const pings: string[] = []
  const statuses = new Map<string, string>()
  const shared: Pick<Workspace, 'reaches'> = { reaches: () => false }
  const bot = 'U0IMAGINE'
  let count = 0

  const nextId = (prefix: string) => {
    count += 1
    return `${prefix}${String(count).padStart(9, '0')}`
  }
  const nextTs = () => {
    count += 1
    return `1763800000.${String(count).padStart(6, '0')}`
  }

  function addChannel(kind: Channel['kind'], members: readonly string[], id?: string): Channel {
    const prefix = { public: 'C', private: 'G', mpim: 'C', im: 'D' }[kind]
    const channel = { id: id ?? nextId(prefix), kind, members: new Set(members), archived: false }
    channels.set(channel.id, channel)
    return channel
  }

  function dmOf(user: string): Channel {
    const known = [...channels.values()].find(
      ({ kind, members }) => kind === 'im' && members.has(user) && members.has(bot),
    )
    return known ?? addChannel('im', [user, bot])
  }

  /** Checks what is to be shown; throws as Slack refuses, and notes what should never be sent at all. */
  function checked(body: Fields, most: number) {
    const text = typeof body.text === 'string' ? body.text : ''
    if (text === '') violations.push('a message without text')
    if (text.length > most) {
      violations.push(`text of ${text.length}`)
      throw new Refused('msg_too_long')
    }
    const blocks = body.blocks === undefined ? [] : (body.blocks as Json)
    if (!Array.isArray(blocks)) throw new Refused('invalid_blocks_format')
    const result = checkBlocks(blocks)
    violations.push(...result.problems)
    if (result.problems.includes('msg_blocks_too_long')) throw new Refused('msg_blocks_too_long')
    if (result.problems.length > 0)
      throw new Refused('invalid_blocks', {
        response_metadata: { messages: result.problems.map((p) => `[ERROR] ${p}`) },
      })
    for (const { id, url } of result.seen.images) {
      if (url === '') checkPicture(id)
      else if (!shared.reaches(url))
        throw new Refused('invalid_blocks', {
          response_metadata: { messages: ['[ERROR] downloading image failed [json-pointer:/blocks/1/image_url]'] },
        })
    }
    pings.push(...[text, ...result.markup].flatMap(pingsIn), ...result.seen.lines.filter((l) => l.startsWith('[ping')))
    return { text, seen: result.seen, blockIds: result.blockIds }
  }

  function checkPicture(id: string): void {
    const file = files.get(id)
    const invalid = (why: string) =>
      new Refused('invalid_blocks', { response_metadata: { messages: [`[ERROR] invalid slack file: ${why}`] } })
    if (file === undefined || !file.completed) throw invalid('unknown')
    if (file.looksLeft > 0) {
      file.looksLeft -= 1
      throw invalid('not ready')
    }
    if (!shownTypes.has(file.mimetype)) throw invalid(file.mimetype)
  }

  function write({ channel, thread, onlyFor, body }: Draft): Message {
    const content = checked(body, 40_000)
    const message: Message = { channel, thread, onlyFor, ...content, ts: nextTs(), user: bot, files: [], edits: 0 }
    messages.push(message)
    // Its next post takes the line away.
    statuses.delete(`${channel}:${thread}`)
    return message
  }

  function rewrite(message: Message, body: Fields): void {
    const content = checked(body, 4_000)
    if (content.blockIds.some((id) => message.blockIds.includes(id))) violations.push('a block_id kept in an update')
    Object.assign(message, content)
    message.edits += 1
  }

  function see({ channel, ts, thread, onlyFor, text, seen, files: attached, edits }: Message): Seen {
    return {
      ...{ channel, ts, thread, onlyFor, edits },
      text: readMarkup(text),
      // Where there are blocks, the text is not shown.
      lines: seen.lines.length > 0 ? seen.lines : [readMarkup(text)],
      images: seen.images.map(({ id, alt, url }) => {
        const file = files.get(id)
        return { id, alt, url, bytes: file?.bytes ?? Buffer.alloc(0), type: file?.mimetype ?? '' }
      }),
      buttons: seen.buttons,
      files: attached.map((id) => files.get(id)?.name ?? id),
    }
  }

  const team = 'T0TEAM001'
  return Object.assign(shared, {
    ...{ team, bot, channels, messages, files, violations, pings, statuses },
    nextTs,
    nextId,
    addChannel,
    dmOf,
    write,
    rewrite,
    see,
  })
}
