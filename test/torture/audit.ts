import type { BookedTask, Books, Entry } from './books.ts'

/** Whether every hold was resolved, once, and the accounts agree with the ledger. */
export function auditLedger({ ledger, tasks, accounts }: Books): {
  readonly problems: string[]
  readonly holds: number
  readonly resolvedOnce: number
} {
  const entries = Map.groupBy(ledger, ({ job, n }) => `${job}/${n}`)
  const problems: string[] = []
  let resolvedOnce = 0
  for (const task of tasks) {
    const own = entries.get(`${task.job}/${task.n}`) ?? []
    const wrong = entryProblems(task, own)
    if (wrong.length === 0) resolvedOnce += 1
    problems.push(...wrong.map((words) => `task ${task.job}/${task.n} (${task.state}): ${words}`))
    entries.delete(`${task.job}/${task.n}`)
  }
  for (const key of entries.keys()) problems.push(`the ledger has ${key}, which is no task`)
  problems.push(...accountProblems(ledger, accounts))
  return { problems, resolvedOnce, holds: ledger.filter(({ kind }) => kind === 'hold').length }
}

/** Hold = capture + refund, each once; `late` only for credits taken after the hold was given back. */
function entryProblems(task: BookedTask, entries: readonly Entry[]): string[] {
  const of = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind)
  const [hold, captures, refunds, late] = [of('hold'), of('capture'), of('refund'), of('late')]
  const resolutions = [...captures, ...refunds]
  const words: string[] = []
  if (hold.length !== 1) words.push(`${hold.length} holds`)
  if (resolutions.length !== 1) words.push(`${resolutions.length} resolutions`)
  if (resolutions.some(({ credits }) => credits !== hold[0]?.credits))
    words.push('resolved with other credits than held')
  if ((task.state === 'completed') !== (captures.length === 1)) words.push(`captured ${captures.length} times`)
  if (late.length > 1 || (late.length === 1 && (task.state !== 'ambiguous' || task.task_id === null)))
    words.push(`${late.length} late entries`)
  return words
}

const dayMs = 86_400_000

/** What an account has spent is what was held for it and not given back, day by day. */
function accountProblems(ledger: readonly Entry[], accounts: Books['accounts']): string[] {
  const held = new Map<string, number>()
  const days = new Map<string, number>()
  const add = (scope: string, day: number, credits: number) =>
    held.set(`${scope} ${day}`, (held.get(`${scope} ${day}`) ?? 0) + credits)
  for (const { kind, job, at } of ledger) if (kind === 'hold') days.set(job, Math.floor(at / dayMs))
  for (const { kind, job, account, credits } of ledger) {
    const day = days.get(job)
    if (day === undefined || (kind !== 'hold' && kind !== 'refund')) continue
    for (const scope of [account, 'all']) add(scope, day, kind === 'hold' ? credits : -credits)
  }
  const spent = new Map(accounts.map((account) => [`${account.scope} ${account.day}`, account.spent]))
  return [...new Set([...held.keys(), ...spent.keys()])]
    .filter((key) => (held.get(key) ?? 0) !== (spent.get(key) ?? 0))
    .map((key) => `account ${key}: ${spent.get(key) ?? 0} spent, ${held.get(key) ?? 0} held and not given back`)
}
