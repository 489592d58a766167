import { createAcceptance } from './acceptance.ts'
import { arrived } from './arrival.ts'
import { AppError, failureOf } from './failure.ts'
import { type FollowUpAsk, followUp as followUpOf, followUpTrouble } from './follow-up.ts'
import { isLive, type Job, type LiveJob, type RequestFacts } from './job.ts'
import type { AcceptAnswer, Caps, Clock, Hints, JobStore, Log, Meter, NewId, NewJob, Reply, Step } from './ports.ts'
import { createRecords, type Records } from './records.ts'
import { checkRequest, type ImageRequestInput, type Problem } from './request.ts'
import type { Runner } from './runner.ts'
import { type CancelAnswer, headOf, type JobView, type Notice } from './view.ts'

/** What an adapter made of one platform event. */
export interface Ask extends RequestFacts {
  /** Unique for this platform event, the same on every delivery of it: `discord:<interaction id>`. */
  readonly eventKey: string
  /** What was pressed (`again:<job>`), so that a double press starts one job; null for what is typed. */
  readonly source: string | null
  readonly input: ImageRequestInput
  /** What the adapter's own parsing already found wrong (flags in text, files that are no pictures). */
  readonly problems: readonly Problem[]
  /** When the platform's event reached us, on the monotonic clock: the ack is timed from here. */
  readonly receivedAt: number
}

export interface Press {
  readonly jobId: string
  readonly personId: string
  /** Whether the platform lets this person manage other people's messages here. */
  readonly mayManage: boolean
}

/** The use cases: what an adapter calls. */
export interface Studio extends Records {
  /** Accepts one request and acks it, or says why not; a duplicate stays silent. Never throws for what a person did. */
  imagine(ask: Ask, reply: Reply): Promise<void>
  /** Starts from an earlier job: the same again, better, four of them, or its pictures shown at `address`. Like `imagine`. */
  followUp(ask: FollowUpAsk, reply: Reply): Promise<void>
  cancel(press: Press): Promise<CancelAnswer>
}

export interface StudioOptions {
  readonly owner: string
  readonly jobs: JobStore
  readonly runner: Pick<Runner, 'adopt'>
  readonly hints: Pick<Hints, 'send'>
  readonly caps: Caps
  /** How long a database that is away is waited for before a request is refused; 0: not at all. */
  readonly acceptPatienceMs: number
  /** Workspaces that may spend the key; empty: all. */
  readonly allowedWorkspaces: ReadonlySet<string>
  readonly clock: Clock
  readonly newId: NewId
  readonly meter: Meter
  readonly log: Log
  readonly step: Step
}

type Received = Pick<Ask, 'surface' | 'receivedAt'>
/** Not accepted for a reason that the store does not know. */
interface Told {
  readonly kind: 'told'
  readonly notice: Notice
}

/** A platform's 3 seconds are never at risk: after this long without the store's answer the event is deferred. */
const deferAfterMs = 1_000

export function createStudio(options: StudioOptions): Studio {
  const { owner, jobs, runner, clock, meter, log } = options
  const accept = createAcceptance(options)

  async function imagine(ask: Ask, reply: Reply): Promise<void> {
    const checked = checkRequest(ask.input, ask.inputs.length)
    const problems = [...ask.problems, ...(checked.ok ? [] : checked.problems)]
    if (!checked.ok || problems.length > 0) return refuse(ask, reply, { kind: 'problems', problems })
    if (!isAllowed(ask.workspace))
      return refuse(ask, reply, { kind: 'failure', failure: { code: 'workspace_not_allowed' } })

    const {
      eventKey,
      surface,
      workspace,
      channel,
      person,
      locale,
      action,
      parentId,
      source,
      inputs,
      omitted,
      address,
    } = ask
    const entry: NewJob = {
      id: options.newId(),
      owner,
      request: checked.request,
      ...{ eventKey, surface, workspace, channel, person, locale, action, parentId, source, inputs, omitted, address },
    }
    return admit(ask, reply, accept(entry))
  }

  async function followUp(ask: FollowUpAsk, reply: Reply): Promise<void> {
    if (ask.problems.length > 0) return refuse(ask, reply, { kind: 'problems', problems: ask.problems })
    if (!isAllowed(ask.workspace))
      return refuse(ask, reply, { kind: 'failure', failure: { code: 'workspace_not_allowed' } })
    return admit(ask, reply, acceptFollowUp(ask))
  }

  async function acceptFollowUp(ask: FollowUpAsk): Promise<AcceptAnswer | Told> {
    const { eventKey, surface, workspace, channel, person, locale, action, address, jobId } = ask
    const job = await found(jobId, action)
    if (job instanceof AppError) return { kind: 'refused', failure: job.failure }
    const why = followUpTrouble(job, action, person.id)
    if (job === null || why !== null) return { kind: 'told', notice: { kind: 'no_job', why: why ?? 'unknown' } }
    return accept({
      id: options.newId(),
      owner,
      ...{ eventKey, surface, workspace, channel, person, locale, action, address },
      parentId: job.id,
      source: `${action}:${job.id}`,
      ...followUpOf(job, action, ask.private),
    })
  }

  async function found(jobId: string, action: FollowUpAsk['action']): Promise<Job | null | AppError> {
    const read = () => jobs.get(jobId)
    try {
      return await (action === 'share' ? arrived(read, clock, new AbortController().signal) : read())
    } catch (error) {
      return error instanceof AppError ? error : new AppError('internal', { cause: error })
    }
  }

  /** Answers the event by what became of its request. */
  async function admit(ask: Received, reply: Reply, accepting: Promise<AcceptAnswer | Told>): Promise<void> {
    // Not waited for here: an accepted job runs whatever becomes of its event.
    const deferred = (await isSlow(accepting)) ? timed(ask, reply.defer()) : null
    const answer = await accepting
    switch (answer.kind) {
      case 'told':
        return refuse(ask, reply, answer.notice, deferred)
      case 'duplicate':
        return deferred ?? undefined
      case 'under_way':
        return refuse(ask, reply, { kind: 'under_way' }, deferred)
      case 'refused':
        return refuse(ask, reply, { kind: 'failure', failure: answer.failure }, deferred)
      case 'accepted':
        return start(ask, reply, answer.job, deferred)
    }
  }

  const isAllowed = (workspace: string) =>
    options.allowedWorkspaces.size === 0 || options.allowedWorkspaces.has(workspace)

  async function start(ask: Received, reply: Reply, job: LiveJob, deferred: Promise<void> | null): Promise<void> {
    meter.count('jobs_accepted', { surface: ask.surface })
    await options.step('accepted', job.id)
    const view: JobView = { ...headOf(job), kind: 'queued', place: null }
    const ack = Promise.resolve(deferred).then(() => reply.accept(view))
    // The job runs while the ack is on the wire; only its message waits for it.
    runner.adopt(job, ack)
    await timed(ask, ack, deferred !== null)
  }

  async function isSlow(accepting: Promise<unknown>): Promise<boolean> {
    const done = new AbortController()
    const slow = clock.sleep(deferAfterMs, done.signal).then(
      () => true,
      () => false,
    )
    const first = await Promise.race([accepting.then(() => false), slow])
    done.abort()
    return first
  }

  async function refuse(
    ask: Received,
    reply: Reply,
    notice: Notice,
    deferred: Promise<void> | null = null,
  ): Promise<void> {
    meter.count('jobs_refused', { surface: ask.surface })
    await deferred
    await timed(ask, reply.refuse(notice), deferred !== null)
  }

  /** Waits for an answer to the event; the first one is the ack, whose time counts. A failed answer never stops a job. */
  async function timed(ask: Received, answer: Promise<unknown>, acked = false): Promise<void> {
    try {
      await answer
      if (!acked) meter.time('ack', clock.monotonic() - ask.receivedAt, { surface: ask.surface })
    } catch (error) {
      log.warn({ surface: ask.surface, failure: failureOf(error).code }, 'ack failed')
    }
  }

  async function cancel(press: Press): Promise<CancelAnswer> {
    const job = await jobs.get(press.jobId)
    if (job === null) return 'unknown'
    if (job.person.id !== press.personId && !press.mayManage) return 'not_yours'
    // A press reaches every replica, and people press twice: all of them hear the same.
    if (job.cancelledAt !== null) return 'cancelled'
    if (!isLive(job)) return 'finished'
    if ((await jobs.cancel(job.id)) === null)
      return (await jobs.get(job.id))?.cancelledAt == null ? 'finished' : 'cancelled'
    options.hints.send({ kind: 'cancelled', jobId: job.id })
    log.info({ job: job.id }, 'cancelled')
    return 'cancelled'
  }

  return {
    imagine,
    followUp,
    cancel,
    ...createRecords(options),
  }
}
