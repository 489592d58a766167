import { AppError } from '../../src/core/failure.ts'
import type { Address, Json, Receipt } from '../../src/core/job.ts'
import type { Call, Clock, Picture, Surface } from '../../src/core/ports.ts'
import type { JobView } from '../../src/core/view.ts'
import { pictureOf } from './image-api.ts'

/** One message of the fake chat, as people would see it. */
interface FakeMessage {
  readonly id: string
  readonly channel: string
  /** Everything it ever showed, in order; the last one is what it shows. */
  readonly views: readonly JobView[]
  /** The bytes of the pictures that it shows. */
  readonly files: readonly Uint8Array[]
}

export interface FakeSurface extends Surface {
  readonly messages: readonly FakeMessage[]
  /** Every write that reached the chat, refused ones included. */
  readonly writes: readonly { readonly at: number; readonly kind: JobView['kind'] }[]
  /** A fresh place in a channel, without a message yet. */
  place(channel?: string): Address
  /** The message that an ack makes, as a deferred event's answer would. */
  ack(address: Address, view: JobView): Receipt
  /** Takes a message away, as a moderator would. */
  remove(messageId: string): void
}

export interface FakeSurfaceOptions {
  readonly clock: Clock
  readonly name?: string
  /** How long a write is on its way, in milliseconds. */
  readonly writeMs?: number | ((view: JobView) => number)
  /** Whether a write can still be called back while it is on its way. Default: yes. */
  readonly abortable?: boolean
  readonly paceMs?: number
  /** Whether every message must be shown again although its view stands still. */
  readonly stale?: () => boolean
  /** Told of each question for the pace. */
  readonly onPace?: (live: number, inChannel: number) => void
  /** What becomes of a write, by its number (1, 2, …): an error is thrown, and the chat stays as it was. */
  readonly onWrite?: (nth: number, view: JobView, kind: 'post' | 'edit') => AppError | undefined
  /** Pictures at the platform, by name. */
  readonly inputs?: Readonly<Record<string, Uint8Array>>
}

interface At {
  readonly channel: string
  readonly message: string | null
}

/** A chat in memory. */
export function createFakeSurface(options: FakeSurfaceOptions): FakeSurface {
  const { clock, name = 'fake' } = options
  const messages: { id: string; channel: string; views: JobView[]; files: Uint8Array[] }[] = []
  const writes: { at: number; kind: JobView['kind'] }[] = []

  async function filesOf(view: JobView, signal: AbortSignal): Promise<Uint8Array[]> {
    if (view.kind !== 'result') return []
    const files: Uint8Array[] = []
    for (const { picture } of view.pictures) files.push(await read(picture, signal))
    return files
  }

  function write(at: At, view: JobView, files: Uint8Array[]): Receipt {
    const known = at.message === null ? undefined : messages.find(({ id }) => id === at.message)
    writes.push({ at: clock.now(), kind: view.kind })
    const refused = options.onWrite?.(writes.length, view, at.message === null ? 'post' : 'edit')
    if (refused !== undefined) throw refused
    if (at.message !== null && known === undefined) throw new AppError('delivery_gone')
    const message = known ?? { id: `${name}-${messages.length + 1}`, channel: at.channel, views: [], files: [] }
    if (known === undefined) messages.push(message)
    message.views.push(view)
    message.files.splice(0, message.files.length, ...files)
    return receiptOf(message.id, at.channel, files.length)
  }

  async function show(address: Address, view: JobView, call: Call): Promise<Receipt> {
    call.signal.throwIfAborted()
    const files = await filesOf(view, call.signal)
    call.gate()
    const wire = options.abortable === false ? new AbortController().signal : call.signal
    const ms = typeof options.writeMs === 'function' ? options.writeMs(view) : options.writeMs
    if (ms !== undefined) await clock.sleep(ms, wire)
    return write(atOf(address), view, files)
  }

  return {
    name,
    messages,
    writes,
    show,
    pace: (_elapsedMs, live, inChannel) => {
      options.onPace?.(live, inChannel)
      return options.paceMs ?? 1_000
    },
    stale: options.stale ?? (() => false),
    input: (ref) => ({
      picture: pictureOf(() => {
        const bytes = options.inputs?.[ref.name]
        if (bytes === undefined) throw new AppError('input_gone')
        return bytes
      }),
      publicUrl: async () => null,
    }),
    picture: (receipt, n) => ({
      picture: pictureOf(() => {
        const file = messages.find(({ id }) => id === receipt.messageKey)?.files[n - 1]
        if (file === undefined) throw new AppError('result_gone')
        return file
      }),
      publicUrl: async () => null,
    }),
    place: (channel = 'general') => ({ at: { channel, message: null }, secret: { token: 'hush-hush' } }),
    ack: (address, view) => write(atOf(address), view, []),
    remove: (messageId) => {
      const at = messages.findIndex(({ id }) => id === messageId)
      if (at !== -1) messages.splice(at, 1)
    },
  }
}

function receiptOf(messageId: string, channel: string, files: number): Receipt {
  return {
    address: { at: { channel, message: messageId }, secret: { token: 'hush-hush' } },
    messageKey: messageId,
    files: Array.from({ length: files }, (_, i): Json => ({ file: i + 1 })),
  }
}

function atOf({ at }: Address): At {
  if (typeof at !== 'object' || at === null || !('channel' in at) || typeof at.channel !== 'string')
    throw new AppError('internal', { detail: 'not an address of the fake chat' })
  return { channel: at.channel, message: typeof at.message === 'string' ? at.message : null }
}

async function read(picture: Picture, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await picture.open(signal)).body) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
