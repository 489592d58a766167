import type { Failure } from '../../src/core/failure.ts'
import { isLive, type Job, type JobFacts, type Receipt, type Task } from '../../src/core/job.ts'
import type { Call, HeldPicture, JobQuery, Surface } from '../../src/core/ports.ts'
import { checkRequest, creditsPerPicture } from '../../src/core/request.ts'
import type { Ask, Studio } from '../../src/core/studio.ts'
import { headOf, type JobView } from '../../src/core/view.ts'
import { heldPicture } from '../../src/media/picture.ts'

/** What happens to a job next, in the fake studio's hands. */
type Turn =
  | { readonly kind: 'queued'; readonly place: number | null }
  | { readonly kind: 'preparing' }
  | {
      readonly kind: 'running'
      readonly done?: number
      readonly elapsedMs: number
      readonly remainingMs: number | null
      late: false
    }
  | { readonly kind: 'result'; readonly pictures: readonly HeldPicture[]; readonly failures?: readonly Failure[] }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface FakeStudio extends Studio {
  readonly asks: readonly Ask[]
  readonly jobs: () => readonly Job[]
  /** Shows a job's next turn through the surface, and remembers its end as the store would. */
  turn(jobId: string, turn: Turn): Promise<void>
  /** The jobs of the same event are one, as the store has it; all others are refused with this while it is set. */
  refuseWith(failure: Failure | null): void
}

export interface FakeStudioOptions {
  readonly surface: () => Surface
  readonly now: () => number
  readonly newId: () => string
  /** Called when a job was accepted and its ack was answered. */
  readonly accepted?: (job: Job) => void
}

const call: Call = { signal: new AbortController().signal, gate: () => undefined }

/** A studio without a runner: it checks and remembers like the real one, and its jobs move when the test says so. */
export function createFakeStudio(options: FakeStudioOptions): FakeStudio {
  const { surface, now, newId } = options
  const asks: Ask[] = []
  const jobs = new Map<string, Job>()
  const byEvent = new Map<string, string>()
  let refusal: Failure | null = null

  function mustGet(jobId: string): Job {
    const job = jobs.get(jobId)
    if (job === undefined) throw new Error(`no job ${jobId}`)
    return job
  }

  async function imagine(ask: Ask, reply: Parameters<Studio['imagine']>[1]): Promise<void> {
    asks.push(ask)
    const checked = checkRequest(ask.input, ask.inputs.length)
    const problems = [...ask.problems, ...(checked.ok ? [] : checked.problems)]
    if (!checked.ok || problems.length > 0) return reply.refuse({ kind: 'problems', problems })
    if (refusal !== null) return reply.refuse({ kind: 'failure', failure: refusal })
    if (byEvent.has(ask.eventKey)) return
    const { surface: name, workspace, channel, person, locale, action, parentId, inputs, address } = ask
    const { request } = checked
    const id = newId()
    const tasks = Array.from({ length: request.count }, (_, i): Task => ({ n: i + 1, state: 'planned' }))
    const facts = { id, surface: name, workspace, channel, person, locale, action, parentId, inputs, address }
    const job: Job = {
      ...{ ...facts, request, tasks, acceptedAt: now(), cancelledAt: null },
      ...{ state: 'accepted', receipt: null, ready: null },
    }
    byEvent.set(ask.eventKey, id)
    jobs.set(id, job)
    await reply.accept({ ...headOf(job), kind: 'queued', place: null })
    options.accepted?.(job)
  }

  async function show(job: JobFacts, view: JobView): Promise<Receipt> {
    return surface().show(job.address, view, call)
  }

  async function turn(jobId: string, next: Turn): Promise<void> {
    const job = mustGet(jobId)
    const head = headOf(job)
    switch (next.kind) {
      case 'queued':
      case 'preparing':
        await show(job, { ...head, ...next })
        return
      case 'running':
        await show(job, { ...head, done: 0, startedAt: now() - next.elapsedMs, ...next })
        return
      case 'failed': {
        const failed = (task: Task): Task => ({ n: task.n, state: 'failed', failure: next.failure, endedAt: now() })
        deliver({ ...job, tasks: job.tasks.map(failed) }, await show(job, { ...head, ...next }))
        return
      }
      case 'result': {
        const receipt = await show(job, resultView(job, next))
        deliver({ ...job, tasks: endedTasks(job, next) }, receipt)
      }
    }
  }

  function resultView(job: Job, next: Extract<Turn, { kind: 'result' }>): JobView {
    const [first, ...rest] = next.pictures.map((held, i) => ({ n: i + 1, picture: heldPicture(held) }))
    if (first === undefined) throw new Error('a result has a picture')
    const credits = next.pictures.length * creditsPerPicture[job.request.quality]
    const tookMs = now() - job.acceptedAt
    return {
      ...headOf(job),
      kind: 'result',
      pictures: [first, ...rest],
      failures: next.failures ?? [],
      credits,
      tookMs,
    }
  }

  function endedTasks(job: Job, { pictures, failures = [] }: Extract<Turn, { kind: 'result' }>): Task[] {
    return job.tasks.map(({ n }): Task => {
      const failure = failures[n - 1 - pictures.length]
      if (failure !== undefined) return { n, state: 'failed', failure, endedAt: now() }
      const taskId = `${job.id}-${n}`
      return { n, state: 'completed', submittedAt: job.acceptedAt, taskId, urls: ['https://x.test/'], endedAt: now() }
    })
  }

  function deliver(facts: JobFacts, receipt: Receipt): void {
    jobs.set(facts.id, { ...facts, state: 'delivered', receipt, endedAt: now() })
  }

  async function cancel({ jobId, personId }: Parameters<Studio['cancel']>[0]) {
    const job = jobs.get(jobId)
    if (job === undefined) return 'unknown'
    if (job.person.id !== personId) return 'not_yours'
    if (!isLive(job)) return 'finished'
    const receipt = await show(job, { ...headOf(job), kind: 'cancelled', credits: 0, pending: false })
    const tasks = job.tasks.map(({ n }): Task => ({ n, state: 'cancelled', endedAt: now() }))
    deliver({ ...job, tasks, cancelledAt: now() }, receipt)
    return 'cancelled'
  }

  async function list({ surface: name, workspace, personId, limit, before }: JobQuery): Promise<readonly Job[]> {
    const newest = [...jobs.values()].reverse().filter((job) => job.surface === name && job.workspace === workspace)
    const from = before === null ? 0 : newest.findIndex(({ id }) => id === before) + 1
    return newest.filter(({ person }) => personId === null || person.id === personId).slice(from, from + limit)
  }

  return {
    asks,
    jobs: () => [...jobs.values()],
    turn,
    refuseWith: (failure) => {
      refusal = failure
    },
    imagine,
    cancel,
    get: async (jobId) => jobs.get(jobId) ?? null,
    findByMessage: async (name, key) =>
      [...jobs.values()].find(({ surface: at, address }) => at === name && JSON.stringify(address).includes(key)) ??
      null,
    list,
  }
}
