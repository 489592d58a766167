import { Pool } from 'undici'
import { AppError } from '../core/failure.ts'
import type { ImageApi, Log, Order, SubmitAnswer, TaskStatus } from '../core/ports.ts'
import { connecting } from '../media/connecting.ts'
import { type DownloadPolicy, remotePicture, resultCodes } from '../media/download.ts'
import { resultBytes } from '../media/limits.ts'
import { reasonOf } from '../media/reason.ts'
import { type Answer, readAnswer } from './answer.ts'
import { orAborted, withDeadline } from './deadline.ts'
import { lookError, submitAnswer, taskFailure } from './errors.ts'
import { outline } from './excerpt.ts'
import { createPoster } from './submit.ts'
import { isUsableTaskId, readTask } from './wire.ts'

export interface ImageApiOptions {
  /** Without a trailing slash: `https://apiin.one/api/v1`. */
  readonly baseUrl: string
  readonly key: string
  readonly model: string
  /** Connections kept for looks. */
  readonly poolSize: number
  /** In milliseconds: a submit in all, a look in all, each wait while fetching a result. */
  readonly timeouts: { readonly submitMs: number; readonly lookMs: number; readonly resultMs: number }
}

/** The image API over HTTP. `close` ends the looks' connections and waits for the submits under way. */
export function createImageApi(
  options: ImageApiOptions,
  { log }: { readonly log: Log },
): ImageApi & { close(): Promise<void> } {
  const { key, timeouts } = options
  const base = new URL(options.baseUrl)
  const root = base.pathname.replace(/\/+$/, '')
  const headers = { authorization: `Bearer ${key}`, accept: 'application/json', 'accept-encoding': 'identity' }
  const post = createPoster(base.origin, timeouts.submitMs)
  const closing = new AbortController()
  const pool = new Pool(base.origin, {
    connections: options.poolSize,
    headersTimeout: timeouts.lookMs,
    bodyTimeout: timeouts.lookMs,
    connect: connecting(timeouts.lookMs, closing.signal),
  })
  const submits = new Set<Promise<SubmitAnswer>>()
  const results: DownloadPolicy = {
    hosts: 'public',
    origins: [base.origin],
    maxBytes: resultBytes,
    codes: resultCodes,
    timeoutMs: timeouts.resultMs,
  }

  const submit: ImageApi['submit'] = async (order, call) => {
    const posted = await post(
      {
        path: `${root}/images/generations`,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(options.model, order)),
      },
      call,
    )
    if (posted.kind === 'not_sent') return { kind: 'not_taken', failure: posted.failure, retryAfterMs: null }
    if (posted.kind === 'lost') return { kind: 'unknown', failure: posted.failure }
    const secrets = [key, order.request.prompt]
    const meaning = submitAnswer(posted.answer, secrets)
    if (meaning.kind === 'unknown') report('a submit was answered, but not with a task', posted.answer, secrets)
    return meaning
  }

  const look = async (taskId: string, signal: AbortSignal): Promise<TaskStatus> => {
    if (!isUsableTaskId(taskId)) throw new AppError('task_unknown', { detail: 'not a usable task id' })
    const answer = await withDeadline(signal, timeouts.lookMs, async (deadline) => {
      try {
        const path = `${root}/tasks/${encodeURIComponent(taskId)}`
        const asked = pool.request({ method: 'GET', path, headers, signal: deadline })
        return await readAnswer(await orAborted(asked, deadline))
      } catch (error) {
        signal.throwIfAborted()
        throw new AppError('upstream_unavailable', { detail: reasonOf(error), cause: error })
      }
    })
    signal.throwIfAborted()
    return statusOf(answer)
  }

  const statusOf = (answer: Answer): TaskStatus => {
    const ok = answer.status >= 200 && answer.status < 300
    const task = ok ? readTask(answer.json) : null
    switch (task?.state) {
      case 'working':
        return task
      case 'completed': {
        const [first, ...rest] = task.urls
        if (first !== undefined) return { state: 'completed', urls: [first, ...rest] }
        break
      }
      case 'failed':
        return { state: 'failed', failure: taskFailure(task.error, [key]) }
      case 'unknown':
        // A word between the known ones: the task's own time-out bounds how long it is believed.
        report('a task is in a state that has no known word', answer, [key])
        return { state: 'working' }
    }
    const error = lookError(answer, [key])
    if (error.code === 'unexpected_answer') report('a look was answered, but not with a task', answer, [key])
    throw error
  }

  const report = (message: string, answer: Answer, secrets: readonly string[]) => {
    log.warn({ status: answer.status, body: outline(answer.text, answer.json, secrets) }, message)
  }

  return {
    submit: (order, call) => {
      const task = submit(order, call)
      submits.add(task)
      return task.finally(() => submits.delete(task))
    },
    look,
    result: (url) => remotePicture(url, results),
    close: async () => {
      closing.abort()
      await pool.destroy()
      await Promise.allSettled(submits)
    },
  }
}

function bodyOf(model: string, { request, inputUrls, callbackUrl }: Order) {
  return {
    model,
    prompt: request.prompt,
    aspect_ratio: request.aspectRatio,
    quality: request.quality,
    ...(inputUrls.length === 0 ? {} : { input_urls: inputUrls }),
    ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
  }
}
