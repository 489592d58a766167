import { AppError } from '../core/failure.ts'
import type { Job, LiveJob, Task } from '../core/job.ts'
import { isLive } from '../core/job.ts'
import type { AcceptAnswer, Caps, JobQuery, JobStore, NewJob } from '../core/ports.ts'
import { creditsPerPicture } from '../core/request.ts'
import { type Doubts, release } from './doubt.ts'
import { type Engine, parameters, type Session, type Value } from './engine.ts'
import { hold, personAccount, resolve, spent } from './ledger.ts'
import { readLine } from './line.ts'
import { numberOf, readJob, readJobs, readLiveJob } from './rows.ts'
import { secretKeepMs, secretText } from './secret.ts'
import { settleWhenDone } from './settle.ts'

export function createJobStore(engine: Engine, doubts: Doubts): JobStore {
  return {
    accept: async (entry, caps) => {
      try {
        return await engine.transaction((session) => accept(session, entry, caps))
      } catch (error) {
        if (error instanceof AppError && (error.code === 'day_spent' || error.code === 'person_day_spent'))
          return { kind: 'refused', failure: error.failure }
        throw error
      }
    },
    disown: (entry) => doubts.accepting(entry.id, (session) => disown(session, entry)),
    get: (id) => readJob(engine, id),
    findByMessage: async (surface, messageKey) => {
      const [job] = await readJobs(
        engine,
        '(select * from jobs where surface = $1 and message_key = $2 order by accepted_at desc, id desc limit 1)',
        [surface, messageKey],
      )
      return job ?? null
    },
    list: (query) => list(engine, query),
    cancel: (id) => engine.transaction((session) => cancel(session, id)),
    line: (limit, maxRunningPerPerson) => readLine(engine, limit, maxRunningPerPerson),
    erase: async (id) => {
      const rows = await engine.run(
        'update jobs set erased_at = coalesce(erased_at, @now) where id = $1 and ended_at is not null returning id',
        [id],
      )
      return rows.length > 0
    },
    spent: (surface, personId) => spent(engine, surface, personId),
  }
}

async function accept(session: Session, entry: NewJob, caps: Caps): Promise<AcceptAnswer> {
  const { person, request } = entry
  const acceptedAt = await insertJob(session, entry)
  if (typeof acceptedAt !== 'number') return acceptedAt
  if (entry.action === 'share') return { kind: 'accepted', job: newJob(entry, acceptedAt, []) }
  const tasks = Array.from({ length: request.count }, (_, at): Task => ({ n: at + 1, state: 'planned' }))
  await session.run(
    `insert into tasks (job, n, state) values ${tasks.map(({ n }) => `($1, ${n}, 'planned')`).join(', ')}`,
    [entry.id],
  )
  await hold(
    session,
    {
      jobId: entry.id,
      count: request.count,
      creditsPerTask: creditsPerPicture[request.quality],
      account: personAccount(entry.surface, person.id),
      at: acceptedAt,
    },
    caps,
  )
  return { kind: 'accepted', job: newJob(entry, acceptedAt, tasks) }
}

/**
 * Written anew, it was not there, and is not to be: a commit that is still under way (a server that stalls, a packet
 * that comes late) makes the same event wait for its end.
 */
async function disown(session: Session, entry: NewJob): Promise<void> {
  if (typeof (await insertJob(session, entry)) === 'number')
    await session.run('delete from jobs where id = $1', [entry.id])
  else await release(session, entry.owner, [entry.id])
}

/** When the job was accepted, or the answer to who comes too late. */
async function insertJob(session: Session, entry: NewJob): Promise<number | AcceptAnswer> {
  const { person, address } = entry
  for (;;) {
    const [row] = await session.run(
      `insert into jobs (id, event_key, surface, workspace, channel, person_id, person_name, locale, action, parent_id,
          request, inputs, omitted, state, owner, address, secret, source, secret_until, accepted_at)
        values (${parameters(1, 18)}, @now + ${secretKeepMs}, @now)
        on conflict do nothing returning accepted_at`,
      [
        entry.id,
        entry.eventKey,
        entry.surface,
        entry.workspace,
        entry.channel,
        person.id,
        cleanName(entry),
        entry.locale,
        entry.action,
        entry.parentId,
        JSON.stringify(entry.request),
        JSON.stringify(entry.inputs),
        JSON.stringify(entry.omitted),
        firstState(entry),
        entry.owner,
        JSON.stringify(address.at),
        secretText(address),
        entry.source,
      ],
    )
    if (row !== undefined) return numberOf(row, 'accepted_at')
    const answer = await acceptedBefore(session, entry)
    if (answer !== null) return answer
    // What was in the way has just ended: there is room now.
  }
}

/**
 * What is in the way of a new job: its event was taken, by this very call (repeated because its commit was not heard of)
 * or by another delivery; or the same was pressed by the same person and is under way. Null: nothing any more.
 */
async function acceptedBefore(session: Session, entry: NewJob): Promise<AcceptAnswer | null> {
  const [taken] = await session.run('select id, owner from jobs where event_key = $1', [entry.eventKey])
  if (taken !== undefined) {
    // Another replica that took it over meanwhile speaks for it.
    const mine = taken.id === entry.id && taken.owner === entry.owner
    const job = mine ? await readJob(session, entry.id) : null
    return job !== null && isLive(job) ? { kind: 'accepted', job } : { kind: 'duplicate' }
  }
  const [pressed] = await session.run(
    `select id from jobs where person_id = $1 and source = $2 and workspace = $3 and surface = $4 and ended_at is null`,
    [entry.person.id, entry.source, entry.workspace, entry.surface],
  )
  if (pressed !== undefined) return { kind: 'under_way' }
  const [known] = await session.run('select id from jobs where id = $1', [entry.id])
  if (known !== undefined) throw new AppError('internal', { detail: `job ${entry.id} exists, for another event` })
  return null
}

/** What `get` would read, without reading it. */
function newJob(entry: NewJob, acceptedAt: number, tasks: readonly Task[]): LiveJob {
  const { eventKey: _key, owner: _owner, source: _source, ...facts } = entry
  const person = { ...entry.person, name: cleanName(entry) }
  return {
    ...facts,
    person,
    acceptedAt,
    cancelledAt: null,
    tasks,
    state: firstState(entry),
    receipt: null,
    ready: null,
  }
}

/** A share has nothing to be made: its outcome is known when it is accepted. */
function firstState({ action }: NewJob): 'accepted' | 'settled' {
  return action === 'share' ? 'settled' : 'accepted'
}

/** The one free text outside JSON, where a column's text holds neither NUL (PostgreSQL) nor half a character. */
function cleanName({ person }: NewJob): string {
  return person.name.replaceAll('\0', '').toWellFormed()
}

async function list(session: Session, query: JobQuery): Promise<readonly Job[]> {
  const values: Value[] = [query.surface, query.workspace, query.limit]
  const conditions = ['surface = $1', 'workspace = $2', 'erased_at is null']
  if (query.shares !== true) conditions.push("action <> 'share'")
  if (query.personId !== null) conditions.push(`person_id = $${values.push(query.personId)}`)
  if (query.before !== null) {
    const [last] = await session.run('select accepted_at from jobs where id = $1', [query.before])
    if (last === undefined) return []
    const at = values.push(numberOf(last, 'accepted_at'))
    conditions.push(`(accepted_at, id) < ($${at}, $${values.push(query.before)})`)
  }
  const where = conditions.join(' and ')
  return readJobs(session, `(select * from jobs where ${where} order by accepted_at desc, id desc limit $3)`, values)
}

async function cancel(session: Session, id: string): Promise<LiveJob | null> {
  const [job] = await session.run(
    `update jobs set cancelled_at = coalesce(cancelled_at, @now)
      where id = $1 and state in ('accepted', 'running') returning id`,
    [id],
  )
  if (job === undefined) return null
  const cancelled = await session.run(
    `update tasks set state = 'cancelled', ended_at = @now where job = $1 and state = 'planned' returning n`,
    [id],
  )
  for (const task of cancelled) await resolve(session, id, numberOf(task, 'n'), 'refund')
  await settleWhenDone(session, id)
  return readLiveJob(session, id)
}
