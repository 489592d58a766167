import { AppError, type Failure } from '../../src/core/failure.ts'
import { type FollowUpAsk, followUp, followUpTrouble } from '../../src/core/follow-up.ts'
import { isLive, type Job, type JobFacts, type Receipt, type RequestFacts, type Task } from '../../src/core/job.ts'
import type { Picture, Reply, ShowCall, Surface } from '../../src/core/ports.ts'
import { checkRequest, creditsPerPicture, type ImageRequest } from '../../src/core/request.ts'
import type { Ask, Studio } from '../../src/core/studio.ts'
import { headOf, type JobView, shareView, type Usage } from '../../src/core/view.ts'

/** A studio whose jobs go on when the test says so; like the real one it hands each show the latest address. */
export interface FakeStudio extends Studio {
  readonly asks: Ask[]
  readonly followUps: FollowUpAsk[]
  jobs(): readonly Job[]
  /** The job accepted last. */
  last(): Job
  /** Shows progress; the first show is the placeholder. */
  progress(jobId: string, elapsedMs?: number, call?: ShowCall): Promise<Receipt>
  deliver(jobId: string, pictures: readonly Picture[], call?: ShowCall): Promise<Receipt>
  fail(jobId: string, failure: Failure): Promise<Receipt>
  receipt(jobId: string): Receipt | null
  /** All that follows is refused with this. */
  refuse(failure: Failure | null): void
  /** The store takes long: `imagine` defers, and goes on when this is called. */
  stall(): () => void
  /** The store throws, so many times. */
  breakDown(times: number): void
}

export const freeCall: ShowCall = {
  signal: new AbortController().signal,
  gate: () => undefined,
  keep: async () => undefined,
}

const usage: Usage = { today: 38, month: 380, pictures: 31, personDayCap: 100, dayOver: false }

export function createFakeStudio(surface: () => Surface, now: () => number): FakeStudio {
  const asks: Ask[] = []
  const followUps: FollowUpAsk[] = []
  const erased = new Set<string>()
  const jobs = new Map<string, Job>()
  const receipts = new Map<string, Receipt>()
  const events = new Set<string>()
  const sources = new Map<string, string>()
  let refusal: Failure | null = null
  let stalled: Promise<void> | null = null
  let breakdowns = 0

  function jobOf(id: string): Job {
    const job = jobs.get(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  async function show(job: JobFacts, view: JobView, call: ShowCall): Promise<Receipt> {
    const keep = async (kept: Receipt) => {
      receipts.set(job.id, kept)
      await call.keep(kept)
    }
    const receipt = await surface().show(receipts.get(job.id)?.address ?? job.address, view, { ...call, keep })
    receipts.set(job.id, receipt)
    return receipt
  }

  async function end(job: Job, view: JobView, call: ShowCall, tasks: readonly Task[]): Promise<Receipt> {
    const receipt = await show(job, view, call)
    const { state: _state, ...facts } = job
    jobs.set(job.id, { ...facts, tasks, state: 'delivered', receipt, endedAt: now() })
    return receipt
  }

  function breakIfToldTo(): void {
    if (breakdowns === 0) return
    breakdowns -= 1
    throw new AppError('store_unavailable', { detail: 'the test says so' })
  }

  async function imagine(ask: Ask, reply: Reply): Promise<void> {
    breakIfToldTo()
    asks.push(ask)
    const checked = checkRequest(ask.input, ask.inputs.length)
    const problems = [...ask.problems, ...(checked.ok ? [] : checked.problems)]
    if (!checked.ok || problems.length > 0) return reply.refuse({ kind: 'problems', problems })
    await accept(ask, checked.request, reply)
  }

  async function startFollowUp(ask: FollowUpAsk, reply: Reply): Promise<void> {
    breakIfToldTo()
    followUps.push(ask)
    if (ask.problems.length > 0) return reply.refuse({ kind: 'problems', problems: ask.problems })
    const job = jobs.get(ask.jobId) ?? null
    const why = followUpTrouble(job, ask.action, ask.person.id)
    if (job === null || why !== null) return reply.refuse({ kind: 'no_job', why: why ?? 'unknown' })
    const { request, inputs, omitted } = followUp(job, ask.action, ask.private)
    await accept({ ...ask, parentId: job.id, source: `${ask.action}:${job.id}`, inputs, omitted }, request, reply)
  }

  async function accept(
    ask: RequestFacts & Pick<Ask, 'eventKey' | 'source'>,
    request: ImageRequest,
    reply: Reply,
  ): Promise<void> {
    if (stalled !== null) {
      await reply.defer()
      await stalled
    }
    if (refusal !== null) return reply.refuse({ kind: 'failure', failure: refusal })
    if (events.has(ask.eventKey)) return
    events.add(ask.eventKey)
    const { surface: name, workspace, channel, person, locale, action, parentId, inputs, omitted, address } = ask
    const pressed = ask.source === null ? '' : `${person.id} ${ask.source}`
    if (pressed !== '' && [...sources].some(([id, one]) => one === pressed && isLive(jobOf(id))))
      return reply.refuse({ kind: 'under_way' })
    const id = `job${jobs.size + 1}`
    const count = action === 'share' ? 0 : request.count
    const tasks = Array.from({ length: count }, (_, at): Task => ({ n: at + 1, state: 'planned' }))
    const job: Job = {
      ...{ id, surface: name, workspace, channel, person, locale, action, parentId, inputs, omitted, address, tasks },
      ...{ request, acceptedAt: now(), cancelledAt: null },
      ...{ state: 'accepted', receipt: null, ready: null },
    }
    jobs.set(id, job)
    if (pressed !== '') sources.set(id, pressed)
    await reply.accept({ ...headOf(job), kind: 'queued', place: null }).catch(() => null)
    const shared = action === 'share' && parentId !== null ? jobOf(parentId) : null
    if (shared?.state !== 'delivered') return
    const view = shareView(job, shared, shared, (n) => surface().picture(shared.receipt, n).picture)
    await end(job, view, freeCall, [])
  }

  return {
    asks,
    followUps,
    imagine,
    followUp: startFollowUp,
    jobs: () => [...jobs.values()],
    last: () => {
      const job = [...jobs.values()].at(-1)
      if (job === undefined) throw new Error('no job yet')
      return job
    },
    progress: (id, elapsedMs, call = freeCall) => {
      const job = jobOf(id)
      const view: JobView =
        elapsedMs === undefined
          ? { ...headOf(job), kind: 'queued', place: null }
          : {
              ...headOf(job),
              kind: 'running',
              done: 0,
              startedAt: now() - elapsedMs,
              elapsedMs,
              remainingMs: 4_000,
              late: false,
            }
      return show(job, view, call)
    },
    deliver: (id, pictures, call = freeCall) => {
      const job = jobOf(id)
      const [first, ...rest] = pictures.map((picture, at) => ({ n: at + 1, picture }))
      if (first === undefined) throw new Error('a result has a picture')
      const credits = pictures.length * creditsPerPicture[job.request.quality]
      const view: JobView = {
        ...headOf(job),
        ...{ kind: 'result', pictures: [first, ...rest], failures: [], credits, tookMs: 4_200 },
      }
      const ended = job.tasks.map(({ n }): Task => {
        if (n > pictures.length) return { n, state: 'failed', failure: { code: 'internal' }, endedAt: now() }
        const made = { taskId: `${id}-${n}`, urls: ['https://results.test/'], submittedAt: job.acceptedAt }
        return { n, state: 'completed', ...made, endedAt: now() }
      })
      return end(job, view, call, ended)
    },
    fail: (id, failure) => {
      const job = jobOf(id)
      const ended = job.tasks.map(({ n }): Task => ({ n, state: 'failed', failure, endedAt: now() }))
      return end(job, { ...headOf(job), kind: 'failed', failure }, freeCall, ended)
    },
    receipt: (id) => receipts.get(id) ?? null,
    refuse: (failure) => {
      refusal = failure
    },
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      stalled = promise
      return () => {
        stalled = null
        resolve()
      }
    },
    breakDown: (times) => {
      breakdowns = times
    },
    cancel: async ({ jobId, personId }) => {
      breakIfToldTo()
      const job = jobs.get(jobId)
      if (job === undefined) return 'unknown'
      if (job.person.id !== personId) return 'not_yours'
      if (!isLive(job)) return 'finished'
      const view: JobView = { ...headOf(job), kind: 'cancelled', credits: 0, pending: false }
      await end(job, view, freeCall, job.tasks)
      return 'cancelled'
    },
    get: async (id) => jobs.get(id) ?? null,
    findByMessage: async (_name, key) => {
      const found = [...receipts].find(([, receipt]) => receipt.messageKey === key)
      return found === undefined ? null : jobOf(found[0])
    },
    list: async ({ surface: name, workspace, personId, limit, before, shares }) => {
      breakIfToldTo()
      const listed = [...jobs.values()]
        .reverse()
        .filter((job) => job.surface === name && job.workspace === workspace)
        .filter((job) => (shares === true || job.action !== 'share') && !erased.has(job.id))
      const from = before === null ? 0 : listed.findIndex(({ id }) => id === before) + 1
      return listed.filter(({ person }) => personId === null || person.id === personId).slice(from, from + limit)
    },
    erase: async ({ jobId, personId, mayManage }) => {
      breakIfToldTo()
      const job = jobs.get(jobId)
      if (job === undefined) return { kind: 'unknown' }
      if (job.person.id !== personId && !mayManage) return { kind: 'not_yours' }
      if (isLive(job)) return { kind: 'live' }
      erased.add(jobId)
      return { kind: 'erased', job }
    },
    details: async ({ jobId, personId }) => {
      breakIfToldTo()
      const job = jobs.get(jobId)
      if (job === undefined || (job.request.private && job.person.id !== personId)) return null
      const lineage: Job[] = []
      for (let next = job.parentId; next !== null; next = lineage.at(-1)?.parentId ?? null) lineage.push(jobOf(next))
      return { job, lineage, more: false }
    },
    usage: async () => {
      breakIfToldTo()
      return usage
    },
  }
}
