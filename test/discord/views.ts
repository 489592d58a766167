import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import type { Job, PictureType, Receipt, Task } from '../../src/core/job.ts'
import type { Picture } from '../../src/core/ports.ts'
import type { ShownPicture } from '../../src/core/view.ts'
import type { PartialView, Rig, RigJob } from './rig.ts'
import type { CommandOptions, Invocation, StoredMessage } from './stand-in.ts'

export const running: PartialView = {
  kind: 'running',
  done: 0,
  startedAt: 0,
  elapsedMs: 5_000,
  remainingMs: 20_000,
  late: false,
}

/** A picture of noise, so that its bytes are all its own. */
export async function noise(side = 40, type: 'png' | 'jpeg' | 'avif' = 'png'): Promise<Uint8Array> {
  const raw = { width: side, height: side, channels: 3 as const }
  return sharp(randomBytes(side * side * 3), { raw })
    .toFormat(type)
    .toBuffer()
}

/** More than Discord takes from the bot itself, yet quickly made small: an even picture, written without compression. */
export async function large(): Promise<Uint8Array> {
  const create = { width: 2_000, height: 2_000, channels: 3 as const, background: '#305080' }
  return sharp({ create }).png({ compressionLevel: 0 }).toBuffer()
}

export function result(pictures: readonly Picture[]): PartialView {
  const [first, ...rest] = pictures.map((picture, at): ShownPicture => ({ n: at + 1, picture }))
  if (first === undefined) throw new Error('no picture')
  return { kind: 'result', pictures: [first, ...rest], failures: [], credits: 10, tookMs: 3_000 }
}

export interface JobOptions extends CommandOptions {
  readonly private?: boolean
}

/** A command that was accepted, and its message. */
export async function startJob(
  rig: Rig,
  options: JobOptions = {},
): Promise<{ command: Invocation; accepted: RigJob; message: StoredMessage }> {
  const { private: isPrivate, ...more } = options
  const command = rig.standIn.command('/imagine', { prompt: 'a fox', ...(isPrivate && { private: true }) }, more)
  const accepted = await rig.accepted(rig.studio.jobs.length + 1)
  const message = command.message()
  if (message === null) throw new Error('no message')
  return { command, accepted, message }
}

/** Edits so far, as `route status`. */
export function editsOf(rig: Rig): string[] {
  return rig.standIn.sent('PATCH', /messages/).map(({ route, status }) => `${route} ${status}`)
}

export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000)
}

/** A source that counts. */
export function openedAndClosed({ type, bytes }: { type: PictureType; bytes: Uint8Array }) {
  let opened = 0
  let closed = 0
  const picture: Picture = {
    open: async () => {
      opened += 1
      const source = inPieces(bytes)
      const body: AsyncIterableIterator<Uint8Array> = {
        next: () => source.next(),
        return: () => {
          closed += 1
          return source.return(undefined)
        },
        [Symbol.asyncIterator]: () => body,
      }
      return { type, size: bytes.length, body }
    },
  }
  return { picture, opened: () => opened, closed: () => closed }
}

/** A job as the store has it once it was delivered. */
export function delivered(rig: Rig, { ask, head }: RigJob, receipt: Receipt): Job {
  const now = rig.clock.now()
  const { surface, workspace, channel, parentId, inputs, address } = ask
  const { jobId: id, action, request, person, locale, omitted } = head
  const tasks = Array.from({ length: request.count }, (_, at): Task => {
    const ended = { submittedAt: now - 5_000, endedAt: now }
    return { n: at + 1, state: 'completed', ...ended, taskId: `t${at}`, urls: ['https://results.example/x.png'] }
  })
  return {
    ...{ id, surface, workspace, channel, person, locale, action, parentId, inputs, omitted, address, request, tasks },
    ...{ acceptedAt: now - 6_000, cancelledAt: null, state: 'delivered', receipt, endedAt: now },
  }
}

/** The same while it is being made. */
export function underWay(rig: Rig, job: RigJob): Job {
  const { acceptedAt, tasks, ...facts } = delivered(rig, job, { address: job.address, messageKey: null, files: [] })
  const polling = tasks.map(
    ({ n }): Task => ({ n, state: 'polling', submittedAt: rig.clock.now() - 5_000, taskId: 't' }),
  )
  return { ...facts, acceptedAt, tasks: polling, state: 'running', receipt: job.ack, ready: null }
}
