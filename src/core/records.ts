import { arrived } from './arrival.ts'
import type { Job, SurfaceName } from './job.ts'
import type { Caps, Clock, JobQuery, JobStore } from './ports.ts'
import type { Press } from './studio.ts'
import type { Details, EraseAnswer, Usage } from './view.ts'

/** What is known of earlier jobs: the studio's reading half. */
export interface Records {
  get(jobId: string): Promise<Job | null>
  findByMessage(surface: SurfaceName, messageKey: string): Promise<Job | null>
  list(query: JobQuery): Promise<readonly Job[]>
  /** Leaves a result out of every list; the adapter then deletes its message. May be repeated. */
  erase(press: Press): Promise<EraseAnswer>
  /** What is to be told of a job; null: unknown, or private and somebody else's. */
  details(press: Pick<Press, 'jobId' | 'personId'>): Promise<Details | null>
  usage(surface: SurfaceName, personId: string): Promise<Usage>
}

export interface RecordsOptions {
  readonly jobs: JobStore
  readonly caps: Caps
  readonly clock: Clock
}

/** So many ancestors of a picture are told. */
const lineageLength = 10

export function createRecords({ jobs, caps, clock }: RecordsOptions): Records {
  const { signal } = new AbortController()

  async function erase(press: Press): Promise<EraseAnswer> {
    const job = await arrived(() => jobs.get(press.jobId), clock, signal)
    if (job === null) return { kind: 'unknown' }
    if (job.person.id !== press.personId && !press.mayManage) return { kind: 'not_yours' }
    if (!(await jobs.erase(job.id))) return { kind: 'live' }
    return { kind: 'erased', job }
  }

  async function details({ jobId, personId }: Pick<Press, 'jobId' | 'personId'>): Promise<Details | null> {
    const job = await jobs.get(jobId)
    if (job === null || (job.request.private && job.person.id !== personId)) return null
    const lineage: Job[] = []
    let next = job.parentId
    while (next !== null && lineage.length < lineageLength) {
      const parent = await jobs.get(next)
      if (parent === null) return { job, lineage, more: false }
      // A share is the same picture in another place; a private ancestor of somebody else is nobody's business.
      if (parent.action !== 'share' && (!parent.request.private || parent.person.id === personId)) lineage.push(parent)
      next = parent.parentId
    }
    return { job, lineage, more: next !== null }
  }

  async function usage(surface: SurfaceName, personId: string): Promise<Usage> {
    const { everybodyToday, ...own } = await jobs.spent(surface, personId)
    const { day, personDay: personDayCap } = caps
    return { ...own, personDayCap, dayOver: day > 0 && everybodyToday >= day }
  }

  return {
    get: (jobId) => jobs.get(jobId),
    findByMessage: (surface, messageKey) => arrived(() => jobs.findByMessage(surface, messageKey), clock, signal),
    list: (query) => jobs.list(query),
    erase,
    details,
    usage,
  }
}
