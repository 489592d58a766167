import { AppError } from '../core/failure.ts'
import type { Caps, Spent } from '../core/ports.ts'
import { parameters, type Session } from './engine.ts'
import { batches, numberOf, textOf } from './rows.ts'

const dayMs = 86_400_000
/** The account of everybody together; each person's has the name that `personAccount` gives. */
const allAccount = 'all'

/** One person on one platform, in whichever of its workspaces: a cap must not grow with the places. */
export function personAccount(surface: string, personId: string): string {
  return `${surface}/${personId}`
}

/** Credits held for a job's tasks. */
export interface Hold {
  readonly jobId: string
  readonly count: number
  readonly creditsPerTask: number
  readonly account: string
  /** When the job was accepted: the day (UTC) that is charged. */
  readonly at: number
}

/** Charges a job's credits, one hold a task. Throws `person_day_spent` or `day_spent` where a cap leaves no room. */
export async function hold(session: Session, entry: Hold, caps: Caps): Promise<void> {
  const rows = Array.from(
    { length: entry.count },
    (_, at) => `($1, ${at + 1}, 'hold', $2, cast($3 as bigint), cast($4 as bigint))`,
  )
  await session.run(`insert into ledger (job, n, kind, account, credits, at) values ${rows.join(', ')}`, [
    entry.jobId,
    entry.account,
    entry.creditsPerTask,
    entry.at,
  ])
  const credits = entry.count * entry.creditsPerTask
  const day = dayOf(entry.at)
  // Everybody's row last, here and wherever accounts change: it is the one that all wait for.
  if (!(await charge(session, entry.account, day, credits, caps.personDay))) throw new AppError('person_day_spent')
  if (!(await charge(session, allAccount, day, credits, caps.day))) throw new AppError('day_spent')
}

/** Resolves a task's hold: the credits were spent, or they are given back. */
export async function resolve(session: Session, jobId: string, n: number, kind: 'capture' | 'refund'): Promise<void> {
  const held = await holdOf(session, jobId, n)
  await enter(session, jobId, n, kind, held)
  if (kind === 'refund') await move(session, held, -held.credits)
}

/** Takes a refund back, as if the hold had never been resolved. No cap is asked: the credits are spent upstream. */
export async function holdAgain(session: Session, jobId: string, n: number): Promise<void> {
  const held = await holdOf(session, jobId, n)
  await session.run(`delete from ledger where job = $1 and n = $2 and kind = 'refund'`, [jobId, n])
  await move(session, held, held.credits)
}

/** Notes credits that the image API took for a task whose hold was given back: the operator's loss, nobody's charge. */
export async function noteLate(session: Session, jobId: string, n: number): Promise<void> {
  await enter(session, jobId, n, 'late', await holdOf(session, jobId, n))
}

/** Deletes all entries of closed jobs, where every hold has been resolved. */
export async function forgetEntries(session: Session, jobIds: readonly string[]): Promise<void> {
  for (const batch of batches(jobIds))
    await session.run(`delete from ledger where job in (${parameters(1, batch.length)})`, batch)
}

/** How many account rows are deleted with one statement. */
const daysBatch = 500

/** Deletes what each person spent on days longer than `historyMs` ago; everybody's sum stays. True: there may be more. */
export async function forgetDays(session: Session, historyMs: number): Promise<boolean> {
  const rows = await session.run(
    `delete from accounts where (scope, day) in (
        select scope, day from accounts
          where scope <> '${allAccount}' and day < (@now - cast($1 as bigint)) / ${dayMs} limit ${daysBatch})
      returning day`,
    [historyMs],
  )
  return rows.length === daysBatch
}

const monthDays = 30

/** What the caps count of a person and of everybody; see the port. */
export async function spent(session: Session, surface: string, personId: string): Promise<Spent> {
  const [row] = await session.run(
    `select
        (select cast(coalesce(sum(spent), 0) as bigint) from accounts where scope = $1 and day = @now / ${dayMs}) as today,
        (select cast(coalesce(sum(spent), 0) as bigint) from accounts
          where scope = $1 and day > @now / ${dayMs} - ${monthDays}) as month,
        (select cast(coalesce(sum(spent), 0) as bigint) from accounts
          where scope = '${allAccount}' and day = @now / ${dayMs}) as everybody,
        (select count(*) from jobs j join tasks t on t.job = j.id
          where j.person_id = $2 and j.surface = $3 and t.state = 'completed'
            and j.accepted_at >= @now - ${monthDays * dayMs}) as pictures`,
    [personAccount(surface, personId), personId, surface],
  )
  return {
    today: numberOf(row, 'today'),
    month: numberOf(row, 'month'),
    pictures: numberOf(row, 'pictures'),
    everybodyToday: numberOf(row, 'everybody'),
  }
}

interface Held {
  readonly account: string
  readonly credits: number
  readonly day: number
}

async function holdOf(session: Session, jobId: string, n: number): Promise<Held> {
  const [row] = await session.run(
    `select account, credits, at from ledger where job = $1 and n = $2 and kind = 'hold'`,
    [jobId, n],
  )
  return { account: textOf(row, 'account'), credits: numberOf(row, 'credits'), day: dayOf(numberOf(row, 'at')) }
}

async function enter(session: Session, jobId: string, n: number, kind: string, held: Held): Promise<void> {
  await session.run(`insert into ledger (job, n, kind, account, credits, at) values (${parameters(1, 5)}, @now)`, [
    jobId,
    n,
    kind,
    held.account,
    held.credits,
  ])
}

async function move(session: Session, held: Held, credits: number): Promise<void> {
  for (const scope of [held.account, allAccount])
    await session.run('update accounts set spent = spent + $3 where scope = $1 and day = $2', [
      scope,
      held.day,
      credits,
    ])
}

/** False where the cap (0: none) has no room. One statement, so that concurrent charges can't pass it together. */
async function charge(session: Session, scope: string, day: number, credits: number, cap: number): Promise<boolean> {
  if (cap !== 0 && credits > cap) return false
  const [row] = await session.run(
    `insert into accounts (scope, day, spent) values ($1, $2, $3)
      on conflict (scope, day) do update set spent = accounts.spent + excluded.spent
        where cast($4 as bigint) = 0 or accounts.spent + excluded.spent <= cast($4 as bigint)
      returning spent`,
    [scope, day, credits, cap],
  )
  return row !== undefined
}

function dayOf(at: number): number {
  return Math.floor(at / dayMs)
}
