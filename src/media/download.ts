import { Client, type Dispatcher } from 'undici'
import { AppError, type FailureCode } from '../core/failure.ts'
import type { OpenPicture, Picture } from '../core/ports.ts'
import { type Admission, admit, connectorLookup, type Network, systemNetwork } from './admission.ts'
import { connecting } from './connecting.ts'
import { openBody } from './download-body.ts'
import { reasonOf } from './reason.ts'

/** Which failure each way of not getting a picture becomes. */
export interface DownloadCodes {
  /** No connection, no answer in time, an answer broken off, a 5xx. */
  readonly unreachable: FailureCode
  /** 403, 404, 410. */
  readonly gone: FailureCode
  /** The policy does not let us ask that URL, or its answer is of a kind we do not take. */
  readonly refused: FailureCode
  readonly notPicture: FailureCode
  readonly empty: FailureCode
  readonly tooLarge: FailureCode
}

export const inputCodes: DownloadCodes = {
  unreachable: 'input_unreachable',
  gone: 'input_gone',
  refused: 'input_unreachable',
  notPicture: 'input_not_picture',
  empty: 'input_empty',
  tooLarge: 'input_too_large',
}

export const resultCodes: DownloadCodes = {
  unreachable: 'upstream_unavailable',
  gone: 'result_gone',
  refused: 'unexpected_answer',
  notPicture: 'result_not_picture',
  empty: 'result_not_picture',
  tooLarge: 'result_too_large',
}

export interface DownloadPolicy {
  /** Hosts asked by https at the default port, exact or any subdomain; or any https host at a public address. */
  readonly hosts: readonly string[] | 'public'
  /** Origins of configured services, allowed as they are: http and loopback too. */
  readonly origins: readonly string[]
  readonly maxBytes: number
  readonly codes: DownloadCodes
  /** The longest wait for the connection, for the headers, and from one chunk to the next, in milliseconds. */
  readonly timeoutMs: number
  /** Headers for one hop, asked anew for each: credentials go only where this says. */
  headers?(url: URL): Record<string, string>
}

/** Redirects followed for one download. */
const maxRedirects = 3
// A source that drips single bytes never idles: the whole download may take this many of the policy's time-outs.
const patience = 20
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * A picture at a URL, fetched anew at each `open`. Throws AppErrors by the policy's codes; their details name the host
 * and never the rest of the URL, which may be signed. `network` is for tests.
 */
export function remotePicture(url: string, policy: DownloadPolicy, network: Network = systemNetwork): Picture {
  return { open: (signal) => follow(url, policy, network, signal) }
}

async function follow(
  start: string,
  policy: DownloadPolicy,
  network: Network,
  signal: AbortSignal,
): Promise<OpenPicture> {
  let admission = admit(start, policy, network)
  for (let hop = 0; ; hop += 1) {
    const exchange = await ask(admission, policy, network, signal)
    const next = redirectOf(exchange, admission.url)
    if (next === null) return exchange.opened()
    exchange.close()
    if (hop === maxRedirects)
      throw new AppError(policy.codes.unreachable, { detail: `${admission.url.host}: more than 3 redirects` })
    admission = admit(next, policy, network)
  }
}

/** One request and its answer, with a connection of its own that ends with it. */
interface Exchange {
  readonly response: Dispatcher.ResponseData
  /** The picture, once the status, the headers and the first bytes have been found good. */
  opened(): Promise<OpenPicture>
  close(): void
}

function redirectOf({ response }: Exchange, from: URL): string | null {
  const location = response.headers.location
  if (!redirects.has(response.statusCode) || typeof location !== 'string') return null
  return URL.parse(location, from.href)?.href ?? ''
}

async function ask(
  { url, checked }: Admission,
  policy: DownloadPolicy,
  network: Network,
  signal: AbortSignal,
): Promise<Exchange> {
  signal.throwIfAborted()
  // One connection a hop, closed with it: nothing outlives the download.
  const closing = new AbortController()
  const client = new Client(url.origin, {
    connect: {
      ...connecting(policy.timeoutMs, closing.signal),
      ...(checked ? { lookup: connectorLookup(network, url.host, policy.codes.refused) } : {}),
    },
    headersTimeout: policy.timeoutMs,
    bodyTimeout: policy.timeoutMs,
  })
  let surplus = false
  client.on('disconnect', (_origin, _targets, error) => {
    // undici's word for bytes after the end of the announced body.
    surplus ||= error.message === 'bad response'
  })
  const limit = setTimeout(() => void client.destroy(), policy.timeoutMs * patience).unref()
  const close = () => {
    clearTimeout(limit)
    signal.removeEventListener('abort', close)
    closing.abort()
    void client.destroy()
  }
  // undici itself hears an abort only once the connection is made.
  signal.addEventListener('abort', close, { once: true })
  const failed = (error: unknown): unknown => {
    close()
    if (signal.aborted) return signal.reason
    if (error instanceof AppError) return error
    return new AppError(policy.codes.unreachable, { detail: `${url.host}: ${reasonOf(error)}`, cause: error })
  }
  try {
    const response = await client.request({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      // A compressed body would have another size than its content-length says.
      headers: { accept: 'image/*', 'accept-encoding': 'identity', ...policy.headers?.(url) },
      signal,
    })
    const answer = { response, host: url.host, policy, failed, close, surplus: () => surplus }
    return { response, close, opened: () => openBody(answer) }
  } catch (error) {
    throw failed(error)
  }
}
