import { Readable } from 'node:stream'
import { request } from 'undici'
import { z } from 'zod'
import { AppError } from '../core/failure.ts'
import type { PictureType } from '../core/job.ts'
import type { Call, Clock, Picture } from '../core/ports.ts'
import { fitUpload } from '../media/fit.ts'
import { createHolding, type Holding } from '../media/holding.ts'
import { extensionOf } from '../media/type.ts'
import type { Uploaded } from './address.ts'
import type { Connections } from './connections.ts'
import { faultOf, httpFailure, limited, toAppError } from './errors.ts'
import { slackLimits } from './limits.ts'
import type { Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

interface UploadOrder {
  readonly picture: Picture
  /** File name without its extension. */
  readonly name: string
  readonly alt: string
}

/** A thread of a conversation. */
interface Thread {
  readonly channel: string
  readonly thread: string
}

/** Slack's external upload: an id and the bytes first, and then, when the id is stored, the file. */
export interface Uploads {
  /** Gives the bytes to Slack; there is no file yet. Throws an AppError. */
  place(workspace: Workspace, order: UploadOrder, call: Call): Promise<Omit<Uploaded, 'n'>>
  /** Makes files of what was placed: for the bot alone until a message shows them, or in one message in a thread. */
  complete(workspace: Workspace, ids: readonly string[], share: Thread | null, call: Call): Promise<void>
}

const urlSchema = z.object({ upload_url: z.string(), file_id: z.string() })
/** Longest silence of the upload host, in milliseconds. */
const silenceMs = 60_000
const tries = 3

/** A picture on its way, in a form that Slack shows. */
export interface Parcel {
  readonly type: PictureType
  readonly size: number
  readonly body: AsyncIterable<Uint8Array>
  readonly reduced: boolean
}

interface UploadsOptions {
  readonly api: SlackApi
  readonly connections: Connections
  readonly clock: Clock
}

export function createUploads({ api, connections, clock }: UploadsOptions): Uploads {
  async function placeOnce(workspace: Workspace, order: UploadOrder, call: Call): Promise<Omit<Uploaded, 'n'>> {
    const holding = createHolding()
    try {
      const parcel = await packed(order.picture, holding, call.signal)
      const target = await reserve(workspace, order, parcel, call).catch(async (error: unknown) => {
        await parcel.body[Symbol.asyncIterator]().return?.()
        throw error
      })
      await send(connections, target.upload_url, parcel, call)
      return { id: target.file_id, reduced: parcel.reduced }
    } finally {
      holding.leave()
    }
  }

  async function reserve(workspace: Workspace, { name, alt }: UploadOrder, { type, size }: Parcel, call: Call) {
    const args = {
      filename: `${name}.${extensionOf(type)}`,
      length: size,
      // The SDK's own upload sends this under a name that Slack ignores (node-slack-sdk#2788).
      alt_txt: alt,
    }
    const answer = await api.ask(workspace, call, 'safely', (client) =>
      client.apiCall('files.getUploadURLExternal', args),
    )
    const parsed = urlSchema.safeParse(answer)
    if (!parsed.success) throw new AppError('surface_unavailable', { detail: 'Slack: no upload URL' })
    return parsed.data
  }

  /** An unfinished upload is nothing that anybody sees: it is begun anew, with the picture fetched again. */
  async function place(workspace: Workspace, order: UploadOrder, call: Call): Promise<Omit<Uploaded, 'n'>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await placeOnce(workspace, order, call)
      } catch (error) {
        call.signal.throwIfAborted()
        const fault = faultOf(error)
        if (attempt >= tries || (fault !== 'passing' && fault !== 'limited')) throw error
        const asked = error instanceof AppError ? error.retryAfterMs : undefined
        await clock.sleep(asked ?? 500 * 2 ** attempt, call.signal)
      }
    }
  }

  return {
    place,
    complete: async (workspace, ids, share, call) => {
      const where = share === null ? {} : { channel_id: share.channel, thread_ts: share.thread }
      // Twice would share it twice.
      await api.ask(workspace, call, 'refused', (client) =>
        client.apiCall('files.completeUploadExternal', { files: ids.map((id) => ({ id })), ...where }),
      )
    },
  }
}

/** Streams what Slack shows as it is; what it does not show, or has no known size, is held. */
export async function packed(picture: Picture, holding: Holding, signal: AbortSignal): Promise<Parcel> {
  const open = await picture.open(signal)
  const { type, size, body } = open
  const { pictureTypes: types, fileBytes: maxBytes } = slackLimits
  if (types.includes(type) && size !== null && size <= maxBytes) return { type, size, body, reduced: false }
  const { bytes, ...rest } = await fitUpload(open, { maxBytes, types }, holding, signal)
  return { ...rest, size: bytes.length, body: once(bytes) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The raw bytes, with no token: the URL is all that the upload host asks for. */
async function send(
  { dispatcher }: Connections,
  url: string,
  { type, size, body }: Parcel,
  { signal, gate }: Call,
): Promise<void> {
  const stream = Readable.from(body, { objectMode: false })
  try {
    signal.throwIfAborted()
    gate()
    const response = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': type, 'content-length': String(size) },
      body: stream,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      signal,
    })
    await response.body.dump()
    const { statusCode, headers } = response
    if (statusCode === 429) throw limited((Number(headers['retry-after']) || 1) * 1000)
    if (statusCode !== 200) throw httpFailure(statusCode)
  } catch (error) {
    stream.on('error', () => undefined).destroy()
    signal.throwIfAborted()
    // What the picture's source threw comes through as it is.
    throw toAppError(error)
  }
}
