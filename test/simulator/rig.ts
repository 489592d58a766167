import { onTestFinished } from 'vitest'
import type { Log } from '../../src/core/ports.ts'
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'

export type Body = { readonly [key: string]: unknown }

/** A simulator on a clock moved by hand, and a plain client of it; both end with the test. */
export interface Rig {
  readonly simulator: Simulator
  readonly clock: HandClock
  readonly base: string
  readonly origin: string
  readonly log: RecordedLog
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answered>
  look(id: string, headers?: Readonly<Record<string, string>>): Promise<Answered>
  /** Submits and gives the task's id. */
  take(prompt: string, fields?: Body): Promise<string>
  /** Looks until the task has ended, moving the clock on. */
  ended(id: string): Promise<Body>
  /** Submits, waits for the end and gives the result's URL. */
  resultOf(prompt: string, fields?: Body): Promise<string>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Body
}

export const bearer = { authorization: 'Bearer aio_test' }

export async function startRig(options: Partial<SimulatorOptions> = {}): Promise<Rig> {
  const clock = createHandClock()
  const log = recordedLog()
  const simulator = createSimulator({
    ...{ host: '127.0.0.1', port: 0, dir: null, clock, random: () => 0.5, log },
    ...options,
  })
  onTestFinished(() => simulator.close())
  const base = await simulator.listen()
  const look: Rig['look'] = (id, headers = bearer) => ask(`${base}/tasks/${id}`, { headers })
  const post: Rig['post'] = (body, headers = bearer) =>
    ask(`${base}/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const take: Rig['take'] = async (prompt, fields = {}) => {
    const { body, text } = await post({ model: 'gpt-image-1-5', prompt, ...fields })
    const id = dataOf(body).task_id
    if (typeof id !== 'string') throw new Error(`not taken: ${text}`)
    return id
  }
  const ended: Rig['ended'] = async (id) => {
    for (let tries = 0; tries < 400; tries += 1) {
      const data = dataOf((await look(id)).body)
      if (data.status === 'completed' || data.status === 'failed') return data
      await clock.advance(1000)
    }
    throw new Error('the task does not end')
  }
  return {
    ...{ simulator, clock, base, log, post, look, take, ended },
    origin: new URL(base).origin,
    resultOf: async (prompt, fields) => urlOf(await ended(await take(prompt, fields))),
  }
}

export function dataOf(body: Body): Body {
  return body.data as Body
}

export function urlOf(data: Body): string {
  return String((data.output as Body).image_url)
}

/** One request, answered and read whole. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) })
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as Body) : {}
  return { status: response.status, headers: response.headers, text, body: json }
}

export async function bytesOf(url: string): Promise<Buffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

export interface RecordedLog extends Log {
  readonly lines: readonly string[]
}

export function recordedLog(): RecordedLog {
  const lines: string[] = []
  const line = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  }
  const log: RecordedLog = {
    ...{ lines, debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    child: () => log,
  }
  return log
}
