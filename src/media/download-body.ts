import { setImmediate as immediate } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { AppError } from '../core/failure.ts'
import type { OpenPicture } from '../core/ports.ts'
import type { DownloadPolicy } from './download.ts'
import { retryAfterMs } from './retry-after.ts'
import { headBytes, pictureTypeOf } from './type.ts'

const goneStatuses: ReadonlySet<number> = new Set([403, 404, 410])

/** An answer as its body is read: what it takes to judge it and to end it. */
export interface Answer {
  readonly response: Dispatcher.ResponseData
  readonly host: string
  readonly policy: DownloadPolicy
  /** Whether the server sent more than it had announced. */
  surplus(): boolean
  /** Closes the connection and gives the error to throw. */
  failed(error: unknown): unknown
  close(): void
}

/** The picture in an answer, once its status, its headers and its first bytes have been found good. */
export async function openBody(answer: Answer): Promise<OpenPicture> {
  const { response, host, policy, failed, close } = answer
  try {
    const size = checkedSize(response, host, policy)
    const source = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    const head = await readHead(source)
    if (head.bytes.length === 0) throw new AppError(policy.codes.empty, { detail: host })
    const type = pictureTypeOf(head.bytes)
    if (type === null) throw new AppError(policy.codes.notPicture, { detail: host })
    return { type, size, body: closable(stream(answer, head.chunks, source, size), close) }
  } catch (error) {
    throw failed(error)
  }
}

/** The size that the answer announces, or null. Throws for every answer that can't be a picture we take. */
function checkedSize(response: Dispatcher.ResponseData, host: string, policy: DownloadPolicy): number | null {
  const { statusCode, headers } = response
  const { codes, maxBytes } = policy
  if (goneStatuses.has(statusCode)) throw new AppError(codes.gone, { detail: `${host}: HTTP ${statusCode}` })
  if (statusCode !== 200)
    throw new AppError(codes.unreachable, {
      detail: `${host}: HTTP ${statusCode}`,
      retryAfterMs: retryAfterMs(headers) ?? undefined,
    })
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw new AppError(codes.refused, { detail: `${host}: a content-encoding that was not asked for` })
  const announced = headers['content-length']
  if (announced === undefined) return null
  const size = Number(announced)
  if (!Number.isSafeInteger(size))
    throw new AppError(codes.unreachable, { detail: `${host}: no usable content-length` })
  if (size > maxBytes) throw over(size, host, policy)
  return size
}

/** Reads until there are enough bytes to tell the type, and keeps the chunks as they came. */
async function readHead(source: AsyncIterator<Uint8Array>) {
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < headBytes) {
    const { value, done } = await source.next()
    if (done === true) break
    chunks.push(value)
    length += value.length
  }
  const [first] = chunks
  return { chunks, bytes: first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks) }
}

async function* stream(
  { host, policy, surplus, failed, close }: Answer,
  head: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
  size: number | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0
  const counted = (chunk: Uint8Array): Uint8Array => {
    total += chunk.length
    if (total > policy.maxBytes) throw over(total, host, policy)
    return chunk
  }
  try {
    for (const chunk of head) yield counted(chunk)
    for (;;) {
      const { value, done } = await source.next()
      if (done === true) break
      yield counted(value)
    }
    if (size !== null && (total !== size || (await anotherTurn(surplus))))
      throw new AppError(policy.codes.unreachable, { detail: `${host}: not the ${size} bytes announced` })
  } catch (error) {
    throw failed(error)
  } finally {
    close()
  }
}

/** Lets the connection notice what came right behind the body. */
async function anotherTurn(surplus: () => boolean): Promise<boolean> {
  await immediate()
  await immediate()
  return surplus()
}

/** A generator's `finally` does not run when it is returned before it began: the connection is closed here too. */
function closable(body: AsyncGenerator<Uint8Array, void, undefined>, close: () => void): AsyncIterable<Uint8Array> {
  const iterator: AsyncIterableIterator<Uint8Array> = {
    next: () => body.next(),
    return: () => {
      close()
      return body.return()
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

function over(bytes: number, host: string, { codes, maxBytes }: DownloadPolicy): AppError {
  return new AppError(codes.tooLarge, { detail: `${host}: ${bytes} bytes or more, at most ${maxBytes} are taken` })
}
