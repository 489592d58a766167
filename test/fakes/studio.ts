import type { Failure } from '../../src/core/failure.ts'
import { type FollowUpAsk, followUp, followUpTrouble } from '../../src/core/follow-up.ts'
import { isLive, type Job, type JobFacts, type Receipt, type RequestFacts, type Task } from '../../src/core/job.ts'
import type { HeldPicture, JobQuery, Reply, ShowCall, Surface } from '../../src/core/ports.ts'
import { checkRequest, creditsPerPicture, type ImageRequest } from '../../src/core/request.ts'
import type { Ask, Studio } from '../../src/core/studio.ts'
import { headOf, type JobView, shareView } from '../../src/core/view.ts'
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
  readonly followUps: readonly FollowUpAsk[]
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

const call: ShowCall = {
  signal: new AbortController().signal,
  gate: () => undefined,
  keep: async () => undefined,
}

/** A studio without a runner: it checks and remembers like the real one, and its jobs move when the test says so. */
export function createFakeStudio(options: FakeStudioOptions): FakeStudio {
  const { surface, now, newId } = options
  const asks: Ask[] = []
  const followUps: FollowUpAsk[] = []
  const erased = new Set<string>()
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
    await accept(ask, checked.request, reply)
  }

  async function accept(ask: RequestFacts & { eventKey: string }, request: ImageRequest, reply: Reply) {
    if (byEvent.has(ask.eventKey)) return
    const { surface: name, workspace, channel, person, locale, action, parentId, inputs, omitted, address } = ask
    const id = newId()
    const count = action === 'share' ? 0 : request.count
    const tasks = Array.from({ length: count }, (_, i): Task => ({ n: i + 1, state: 'planned' }))
    const facts = { id, surface: name, workspace, channel, person, locale, action, parentId, inputs, omitted, address }
    const job: Job = {
      ...{ ...facts, request, tasks, acceptedAt: now(), cancelledAt: null },
      ...{ state: 'accepted', receipt: null, ready: null },
    }
    byEvent.set(ask.eventKey, id)
    jobs.set(id, job)
    const receipt = await reply.accept({ ...headOf(job), kind: 'queued', place: null })
    options.accepted?.(job)
    const shared = action === 'share' && parentId !== null ? mustGet(parentId) : null
    if (shared?.state !== 'delivered') return
    const view = shareView(job, shared, shared, (n) => surface().picture(shared.receipt, n).picture)
    deliver(job, await surface().show(receipt?.address ?? job.address, view, call))
  }

  async function startFollowUp(ask: FollowUpAsk, reply: Reply): Promise<void> {
    followUps.push(ask)
    const { jobId, action, private: isPrivate, problems } = ask
    if (problems.length > 0) return reply.refuse({ kind: 'problems', problems })
    if (refusal !== null) return reply.refuse({ kind: 'failure', failure: refusal })
    const job = jobs.get(jobId) ?? null
    const why = followUpTrouble(job, action, ask.person.id)
    if (job === null || why !== null) return reply.refuse({ kind: 'no_job', why: why ?? 'unknown' })
    const { request, inputs, omitted } = followUp(job, action, isPrivate)
    await accept({ ...ask, parentId: job.id, inputs, omitted }, request, reply)
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
    const newest = [...jobs.values()]
      .reverse()
      .filter((job) => job.surface === name && job.workspace === workspace)
      .filter((job) => job.action !== 'share' && !erased.has(job.id))
    const from = before === null ? 0 : newest.findIndex(({ id }) => id === before) + 1
    return newest.filter(({ person }) => personId === null || person.id === personId).slice(from, from + limit)
  }

  return {
    asks,
    followUps,
    jobs: () => [...jobs.values()],
    turn,
    refuseWith: (failure) => {
      refusal = failure
    },
    imagine,
    followUp: startFollowUp,
    erase: async ({ jobId, personId, mayManage }) => {
      const job = jobs.get(jobId)
      if (job === undefined) return { kind: 'unknown' }
      if (job.person.id !== personId && !mayManage) return { kind: 'not_yours' }
      if (isLive(job)) return { kind: 'live' }
      erased.add(jobId)
      return { kind: 'erased', job }
    },
    details: async ({ jobId }) => {
      const job = jobs.get(jobId)
      if (job === undefined) return null
      const lineage: Job[] = []
      for (let next = job.parentId; next !== null; next = lineage.at(-1)?.parentId ?? null) lineage.push(mustGet(next))
      return { job, lineage, more: false }
    },
    usage: async () => ({ today: 38, month: 380, pictures: 31, personDayCap: 100, dayOver: false }),
    cancel,
    get: async (jobId) => jobs.get(jobId) ?? null,
    findByMessage: async (name, key) =>
      [...jobs.values()].find(({ surface: at, address }) => at === name && JSON.stringify(address).includes(key)) ??
      null,
    list,
  }
}
