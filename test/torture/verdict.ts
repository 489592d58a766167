import { messagesFor } from '../../src/core/messages.ts'
import type { Answers } from './answers.ts'
import { auditLedger } from './audit.ts'
import type { BookedJob, BookedTask } from './books.ts'
import { type Case, casesOf, type Evidence, eventKey } from './cases.ts'
import type { Command, Wish } from './traffic.ts'

const en = messagesFor('en')

export interface Figures {
  readonly commands: number
  readonly acked: number
  /** Told at once that it can't be taken now. */
  readonly refused: number
  readonly pictures: number
  /** Told to wait for the database by a replica that died before it could ask it, as did all who had heard. */
  readonly unheard: number
  readonly lost: number
  readonly doublePosts: number
  readonly doubleDeliveries: number
  readonly holds: number
  readonly resolvedOnce: number
  readonly late: number
  readonly ambiguous: number
  readonly impatient: number
  readonly cancelled: number
  readonly strays: number
  readonly mostInFlight: number
  readonly mostSubmitsPerSecond: number
}

export interface Verdict {
  readonly figures: Figures
  /** What must not be, a sentence each; empty when all is well. */
  readonly problems: readonly string[]
}

/** Judges a run. */
export function judge(evidence: Evidence): Verdict {
  const { books, limits } = evidence
  const cases = casesOf(evidence)
  const perCase = cases.map((one) => ({ one, ...problemsOf(one) }))
  const ledger = auditLedger(books)
  // A burst of one second's worth, and what comes in the second itself.
  const mostAllowed = Math.floor(2 * limits.submitsPerSecond) + 1
  // By the marks, which the rate is for: POSTs reach an API that stood still for a moment all at once.
  const mostSubmitsPerSecond = mostInOneSecond(books.tasks.flatMap(({ submitted_at }) => submitted_at ?? []))
  const keys = new Set(cases.map(({ command }) => eventKey(command)))
  const problems = [
    ...perCase.flatMap(({ one, lost, doublePosts, doubleDeliveries, other }) =>
      [...lost, ...doublePosts, ...doubleDeliveries, ...other].map((words) => `${nameOf(one)}: ${words}`),
    ),
    ...ledger.problems,
    ...vanished(evidence),
    ...books.jobs.filter(({ event_key }) => !keys.has(event_key)).map(({ id }) => `job ${id} belongs to no command`),
    ...(evidence.mostInFlight > limits.maxInFlight
      ? [`${evidence.mostInFlight} tasks in flight, ${limits.maxInFlight} allowed`]
      : []),
    ...(mostSubmitsPerSecond > mostAllowed
      ? [`${mostSubmitsPerSecond} submits in one second, ${mostAllowed} allowed`]
      : []),
  ]
  return {
    problems,
    figures: {
      commands: cases.length,
      acked: cases.filter(({ answers }) => answers.acked).length,
      refused: cases.filter(({ job, answers }) => job === null && isRefused(answers)).length,
      pictures: books.tasks.filter(({ state }) => state === 'completed').length,
      unheard: cases.filter(({ job, answers, unheard }) => job === null && answers.acked && unheard).length,
      lost: sum(perCase.map(({ lost }) => lost.length)),
      doublePosts: sum(perCase.map(({ doublePosts }) => doublePosts.length)),
      doubleDeliveries: sum(perCase.map(({ doubleDeliveries }) => doubleDeliveries.length)),
      holds: ledger.holds,
      resolvedOnce: ledger.resolvedOnce,
      late: books.ledger.filter(({ kind }) => kind === 'late').length,
      ambiguous: books.tasks.filter(({ state }) => state === 'ambiguous').length,
      impatient: books.tasks.filter((task) => impatientEnds.includes(endOf(task))).length,
      cancelled: books.tasks.filter(({ state }) => state === 'cancelled').length,
      strays: sum(cases.map(({ answers }) => (answers.acked ? 0 : answers.stray.length))),
      mostInFlight: evidence.mostInFlight,
      mostSubmitsPerSecond,
    },
  }
}

/** What was written down stays. */
function vanished({ books, lives }: Evidence): string[] {
  const known = new Set(books.jobs.map(({ id }) => id))
  return lives.flatMap(({ name, accepted }) =>
    accepted.filter((id) => !known.has(id)).map((id) => `job ${id}, written down by ${name}, is gone`),
  )
}

interface Findings {
  readonly lost: string[]
  readonly doublePosts: string[]
  readonly doubleDeliveries: string[]
  readonly other: string[]
}

function problemsOf(one: Case): Findings {
  const { answers, job, taken, unheard } = one
  if (job === null) {
    return {
      lost: answers.acked && !unheard && !isRefused(answers) ? ['acknowledged, and nothing is written down'] : [],
      doublePosts: taken.length > 0 ? [`${taken.length} POSTs without a job`] : [],
      doubleDeliveries: [],
      other: answers.final.length > 0 && !isRefused(answers) ? ['an answer without a job'] : [],
    }
  }
  return {
    lost: lostIn(one, job),
    doublePosts: doublePostsIn(one),
    doubleDeliveries: doubleDeliveriesIn(one),
    other: [...answers.reversals, ...outcomeProblems(one), ...placeProblems(one), ...cancelProblems(one)],
  }
}

/** Told in so many words that it was not taken, or that nobody can tell. */
function isRefused({ final }: Answers): boolean {
  const codes = ['store_unavailable', 'accept_unknown']
  return final.length === 1 && final.every(({ said }) => said.kind === 'failed' && codes.includes(said.code))
}

function lostIn({ answers, taken, tasks }: Case, job: BookedJob): string[] {
  const { least } = submitsOf(tasks)
  return [
    ...(job.state === 'delivered' ? [] : [`its job is ${job.state}${job.failure === null ? '' : ` (${job.failure})`}`]),
    ...(answers.final.length === 0 ? ['no answer'] : []),
    ...(taken.length < least ? [`${taken.length} POSTs for ${least} tasks that were submitted`] : []),
  ]
}

function doublePostsIn({ taken, tasks }: Case): string[] {
  const { most } = submitsOf(tasks)
  const ids = new Set(taken.map(({ taskId }) => taskId))
  const strange = tasks.filter(({ task_id }) => task_id !== null && !ids.has(task_id))
  return [
    ...(taken.length > most ? [`${taken.length} POSTs taken, ${most} accounted for`] : []),
    ...strange.map(({ n }) => `task ${n} has an id that no POST of this request was given`),
  ]
}

/** How many POSTs the API must have taken for these tasks, and how many it may have. */
function submitsOf(tasks: readonly BookedTask[]): { readonly least: number; readonly most: number } {
  const certain = tasks.filter(({ task_id }) => task_id !== null).length
  const perhaps = tasks.filter(({ state, task_id }) => state === 'ambiguous' && task_id === null).length
  return { least: certain, most: certain + perhaps }
}

function doubleDeliveriesIn({ answers, tasks }: Case): string[] {
  const withPictures = answers.final.filter(({ said }) => said.kind === 'pictures')
  const files = withPictures.flatMap(({ said }) => (said.kind === 'pictures' ? said.files : []))
  const made = tasks.filter(({ state }) => state === 'completed').length
  return [
    ...(answers.final.length > 1 ? [`${answers.final.length} answers`] : []),
    ...(files.length > made ? [`${files.length} pictures shown, ${made} made`] : []),
    ...(new Set(files).size < files.length ? ['a picture is shown twice'] : []),
  ]
}

/** States in which a task of such a wish may end, besides ambiguous, which a crash can make of each. */
const rightEnds: Readonly<Record<Wish, readonly string[]>> = {
  picture: ['completed'],
  pictures: ['completed'],
  edit: ['completed'],
  private: ['completed'],
  cancel: ['completed', 'cancelled'],
  refused: ['failed content_rejected'],
  failing: ['failed upstream_failed'],
  bumpy: ['completed'],
  lost_answer: [],
}

/** Of a task that the API did not take, once its job is as old as a task may become: on a slow machine. */
const impatientEnds: readonly string[] = ['failed rate_limited', 'failed upstream_unavailable']

function outcomeProblems({ command, job, tasks, answers }: Case): string[] {
  const ends = tasks.map(endOf)
  const right = ['ambiguous', ...impatientEnds, ...rightEnds[command.wish]]
  const wrong = ends.filter((end) => !right.includes(end))
  const [answer] = answers.final
  const made = tasks.filter(({ state }) => state === 'completed').length
  const told = answer === undefined ? null : answer.said
  const words: string[] = wrong.map((end) => `a task ended ${end}`)
  if (told === null) return words
  const cancelled = job !== null && job.cancelled_at !== null
  if (cancelled !== (told.kind === 'cancelled')) words.push(`says ${told.kind}, cancelled: ${cancelled}`)
  if (told.kind === 'pictures' && told.files.length !== made)
    words.push(`shows ${told.files.length} of ${made} pictures`)
  if (told.kind === 'failed' && made > 0) words.push(`says ${told.code}, ${made} pictures were made`)
  if (
    told.kind === 'failed' &&
    !ends.some((end) => (end === 'ambiguous' ? told.code === 'outcome_unknown' : end === `failed ${told.code}`))
  )
    words.push(`says ${told.code}, its tasks ended ${ends.join(', ')}`)
  return words
}

function endOf({ state, failure }: BookedTask): string {
  return state === 'failed' ? `failed ${codeOf(failure)}` : state
}

function codeOf(failure: string | null): string | null {
  return failure === null ? null : (JSON.parse(failure) as { readonly code: string }).code
}

/** An acknowledged command is answered in the message that acknowledged it; a private one where nobody else sees it. */
function placeProblems({ command, answers }: Case): string[] {
  const own = command.invocation.interaction.originalId
  const elsewhere = answers.final.filter(({ message }) => answers.acked && message.id !== own)
  const shownToAll = answers.final.filter(({ open }) => command.wish === 'private' && open)
  return [
    ...(elsewhere.length > 0 ? ['answered in another message than its own'] : []),
    ...(answers.acked && answers.stray.length > 0 ? ['acknowledged, and its placeholder still waits'] : []),
    ...(shownToAll.length > 0 ? ['a private request is answered for all to see'] : []),
  ]
}

/** A cancel that was confirmed is not followed by a result; one that costs nothing had no POST but one of unknown outcome. */
function cancelProblems({ command, job, answers, taken, tasks, unheardPresses }: Case): string[] {
  // Answered by nothing: it is done, or it takes its time; then words follow where it fails.
  const confirmed = command.presses.some(
    (press) => press.invocation.interaction.answered === 6 && !answers.told.has(press) && !unheardPresses.has(press),
  )
  const free = answers.final.some(({ said }) => said.kind === 'cancelled' && !said.charged)
  const told = toldOtherwise(command, job)
  const unknown = tasks.filter(({ state }) => state === 'ambiguous').length
  return [
    ...(confirmed && job?.cancelled_at === null ? ['a cancel was confirmed and is not written down'] : []),
    ...(told === null ? [] : [`cancelled, and whoever pressed was told: ${told}`]),
    ...(free && taken.length > unknown ? [`cancelled without charge after ${taken.length} POSTs`] : []),
  ]
}

/** What somebody was told whose only press cancelled the job, if it was anything but that. */
function toldOtherwise({ presses }: Command, job: BookedJob | null): string | null {
  const [only, ...others] = presses
  if (only === undefined || others.length > 0 || (job?.cancelled_at ?? null) === null) return null
  const { answered } = only.invocation.interaction
  const words = only.invocation.message()?.content ?? ''
  // Answered by the message itself, or, where that took its time, in words.
  if (answered === null || answered === 6 || words === en.cancelAnswer('cancelled')) return null
  return words
}

function nameOf({ command, job }: Case): string {
  return `${command.tag} (${command.wish}, job ${job?.id ?? 'none'})`
}

/** The most of these times that lie within one second. */
function mostInOneSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  let first = 0
  let highest = 0
  for (const [last, at] of sorted.entries()) {
    while (at - (sorted[first] ?? at) >= 1_000) first += 1
    highest = Math.max(highest, last - first + 1)
  }
  return highest
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
