import type { LiveJob } from '../../src/core/job.ts'
import type { AcceptAnswer, Caps, Fence, NewJob, SubmitLimits } from '../../src/core/ports.ts'
import type { ImageRequest } from '../../src/core/request.ts'
import type { Row, Value } from '../../src/store/engine.ts'
import type { Store } from '../../src/store/store.ts'

/** A fresh, empty store and what a contract needs to look at it. */
export interface StoreFixture {
  readonly store: Store
  /** Another process on the same database; the same store where only one process can have it. */
  readonly peer: Store
  /** Sets the database's clock ahead. */
  advance(ms: number): Promise<void>
  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]>
  close(): Promise<void>
}
export type OpenFixture = () => Promise<StoreFixture>

export const noCaps: Caps = { day: 0, personDay: 0 }
export const wideLimits: SubmitLimits = {
  maxInFlight: 1_000,
  perSecond: 1_000_000,
  maxRunningPerPerson: 1_000,
  slotMs: 60_000,
}

/** What a store keeps to, besides what each test gives. */
export const storeOptions = { ttlMs: 600_000, historyMs: 30 * 86_400_000 }

let made = 0

export function newJob(change: Partial<Omit<NewJob, 'request'>> & { request?: Partial<ImageRequest> } = {}): NewJob {
  made += 1
  return {
    id: `job${made}`,
    eventKey: `event${made}`,
    owner: 'alpha',
    surface: 'discord',
    workspace: 'guild',
    channel: 'general',
    person: { id: 'ann', name: 'Ann' },
    locale: 'en-GB',
    action: 'imagine',
    parentId: null,
    source: null,
    inputs: [],
    omitted: [],
    address: { at: { channel: 'general' }, secret: { token: 'hush' } },
    ...change,
    request: {
      prompt: 'a fox in the snow',
      aspectRatio: '1:1',
      quality: 'medium',
      count: 1,
      private: false,
      spoiler: false,
      ...change.request,
    },
  }
}

export async function accepted(
  store: Store,
  change: Parameters<typeof newJob>[0] = {},
  caps: Caps = noCaps,
): Promise<LiveJob & { readonly fence: Fence }> {
  const entry = newJob(change)
  const answer = await store.jobs.accept(entry, caps)
  if (answer.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(answer)}`)
  return { ...answer.job, fence: { jobId: entry.id, owner: entry.owner } }
}

/** Brings a task to `submitting`. */
export async function begun(store: Store, fence: Fence, n = 1, limits: SubmitLimits = wideLimits): Promise<void> {
  const answer = await store.drive.begin(fence, n, limits)
  if (answer.kind !== 'go') throw new Error(`not begun: ${JSON.stringify(answer)}`)
}

/** Brings a task to `polling`. */
export async function polling(store: Store, fence: Fence, n = 1): Promise<void> {
  await begun(store, fence, n)
  if (!(await store.drive.taken(fence.jobId, n, `task-${fence.jobId}-${n}`))) throw new Error('not taken')
}

export function tally(answers: readonly AcceptAnswer[]): Readonly<Record<AcceptAnswer['kind'], number>> {
  const count = (kind: AcceptAnswer['kind']) => answers.filter((answer) => answer.kind === kind).length
  return {
    accepted: count('accepted'),
    duplicate: count('duplicate'),
    under_way: count('under_way'),
    refused: count('refused'),
  }
}

/** Each kind's credits in the books. */
export async function books(fixture: StoreFixture): Promise<Readonly<Record<string, number>>> {
  const rows = await fixture.query('select kind, cast(sum(credits) as bigint) as credits from ledger group by kind')
  return Object.fromEntries(rows.map((row) => [String(row.kind), Number(row.credits)]))
}

/** What each account has spent. */
export async function spent(fixture: StoreFixture): Promise<Readonly<Record<string, number>>> {
  const rows = await fixture.query('select scope, spent from accounts')
  return Object.fromEntries(rows.map((row) => [String(row.scope), Number(row.spent)]))
}
