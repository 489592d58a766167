import type { AppError, Failure } from './failure.ts'
import type {
  Address,
  InputRef,
  Job,
  Json,
  LiveJob,
  PictureType,
  ReadyInput,
  Receipt,
  RequestFacts,
  SurfaceName,
  TaskEnd,
} from './job.ts'
import type { Links } from './link.ts'
import type { ImageRequest } from './request.ts'
import type { Studio } from './studio.ts'
import type { JobView, Notice } from './view.ts'

// ---------------------------------------------------------------- time, chance, identity, log

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that never jump: for measuring and for leases. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number

/** A new job id: unguessable, at most 32 characters of a–z and 0–9. */
export type NewId = () => string

/** A pino logger fits as it is. Fields never hold secrets, prompts or whole bodies. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

export const counters = ['jobs_accepted', 'jobs_refused', 'jobs_ended', 'status_queries', 'platform_errors'] as const
export const timings = ['ack', 'submit', 'result', 'detection_lag', 'delivery'] as const
/** Counts and times for the operator. Labels are from closed sets, never ids. */
export interface Meter {
  count(name: (typeof counters)[number], labels?: Readonly<Record<string, string>>): void
  /** `ms` in milliseconds. */
  time(name: (typeof timings)[number], ms: number, labels?: Readonly<Record<string, string>>): void
}

/** Points at which the torture test may stop the process; in production a no-op. */
export type Step = (
  point: 'accepted' | 'marked' | 'answered' | 'stored' | 'settled' | 'uploading' | 'shown' | 'delivered',
  jobId: string,
) => void | Promise<void>

/**
 * Throws `not_ours` when this process may no longer speak for the job: its heartbeat is too old, or the job was taken
 * over. Transports call it at the last moment before a platform write or a paid POST.
 */
export type Gate = () => void

/** How a call that acts for a job may be stopped. */
export interface Call {
  readonly signal: AbortSignal
  readonly gate: Gate
}

// ---------------------------------------------------------------- pictures

/** A picture of a chat platform. */
export interface Source {
  readonly picture: Picture
  /** The platform's own URL where anybody can fetch it, asked for anew since it expires; null where there is none. */
  publicUrl(signal: AbortSignal): Promise<string | null>
}

/** A source of a picture, not its bytes: it may be opened again, for a retry fetches again. */
export interface Picture {
  /**
   * Opens the bytes. The type was checked on the first bytes, never believed from a header. The caller consumes `body`
   * to its end or calls `body.return()`. Throws an AppError when the source is gone, not a picture or too large.
   */
  open(signal: AbortSignal): Promise<OpenPicture>
}

export interface OpenPicture {
  readonly type: PictureType
  /** Size in bytes where the source says so beforehand. `body` fails rather than give another number of bytes. */
  readonly size: number | null
  readonly body: AsyncIterable<Uint8Array>
}

/** A whole picture in memory: only for input pictures (at most 20 MB) and re-encoding. */
export interface HeldPicture {
  readonly type: PictureType
  readonly bytes: Uint8Array
}

/** Makes any picture one that the image API takes (PNG, JPEG or WebP, at most 10 MB). */
export interface Converter {
  /** Throws an AppError (`input_…`) for what is no picture, too large or a bomb. `converted` is false when the bytes are the source's own. */
  fit(picture: Picture, signal: AbortSignal): Promise<HeldPicture & { readonly converted: boolean }>
}

/** Pictures kept for a while: relayed to the image API, or shown by the playground. Chunked, with expiry. */
export interface Shelf {
  /** Stores a picture under `id` (replacing what was there). `keepMs` is how long it stays. */
  put(
    id: string,
    type: PictureType,
    body: AsyncIterable<Uint8Array>,
    keepMs: number,
  ): Promise<{ readonly size: number }>
  /** The picture, or null when it is unknown or expired. */
  find(id: string): Promise<{ readonly type: PictureType; readonly size: number } | null>
  /** Bytes `from` (included) to `to` (excluded), chunk by chunk. */
  read(id: string, from: number, to: number): AsyncIterable<Uint8Array>
  /** Deletes what has expired; returns how many pictures. */
  sweep(): Promise<number>
}

// ---------------------------------------------------------------- the image API

export interface Order {
  readonly request: ImageRequest
  readonly inputUrls: readonly string[]
  /** Where the API may call when the task has ended; null: nowhere. */
  readonly callbackUrl: string | null
}

/** What became of a submit. Only `not_taken` may ever be repeated. */
export type SubmitAnswer =
  | { readonly kind: 'taken'; readonly taskId: string }
  | { readonly kind: 'not_taken'; readonly failure: Failure; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }

export type TaskStatus =
  | { readonly state: 'working' }
  | { readonly state: 'completed'; readonly urls: readonly [string, ...string[]] }
  | { readonly state: 'failed'; readonly failure: Failure }

export interface ImageApi {
  /** Posts once. Never throws for what the API or the network did; the gate's `not_ours` passes through before the POST. */
  submit(order: Order, call: Call): Promise<SubmitAnswer>
  /** Looks once. Throws an AppError when the look told nothing (`rate_limited`, `upstream_unavailable`, `task_unknown`, …). */
  look(taskId: string, signal: AbortSignal): Promise<TaskStatus>
  /** The picture behind a result URL. */
  result(url: string): Picture
}

// ---------------------------------------------------------------- surfaces

/** How a view is shown for a job. */
export interface ShowCall extends Call {
  /**
   * Stores how far it has come: an address (and files already uploaded, in the address) from which the same `show` goes
   * on after a crash. Throws `not_ours` when the job was lost.
   */
  keep(receipt: Receipt): Promise<void>
}

export interface Surface {
  readonly name: SurfaceName
  /**
   * Shows a view in the job's one message: edits it where the address has one, posts it otherwise. Idempotent.
   * Throws an AppError: `surface_unavailable`/`rate_limited` (later), `delivery_gone`, `delivery_refused`,
   * `permission_missing`, `result_too_large`, or what opening a picture threw.
   */
  show(address: Address, view: JobView, call: ShowCall): Promise<Receipt>
  /**
   * Milliseconds from one progress edit to the next, for a job that has run `elapsedMs`, with `live` jobs on this surface,
   * `inChannel` of them in the job's own channel.
   */
  pace(elapsedMs: number, live: number, inChannel: number): number
  /** Whether the message of a job under way must be shown again although its view stands still: time changed what it needs. */
  stale(address: Address): boolean
  /** A picture handed in, by the surface's own credentials. */
  input(ref: Extract<InputRef, { kind: 'remote' }>): Source
  /** The n-th picture (1-based) of a result that was shown. */
  picture(receipt: Receipt, n: number): Source
}

/** The listening half of a chat platform. */
export interface Intake {
  readonly name: SurfaceName
  /** Begins to listen; keeps trying while the platform is unreachable. Resolves at once; what can't be cured goes to the `fatal` it was created with. */
  start(studio: Studio): Promise<void>
  /** Stops listening; no new requests arrive afterwards. */
  stop(): Promise<void>
  /** Whether requests can arrive right now. */
  ready(): boolean
}

/** The live, unanswered event, as its adapter sees it; it exists for the first second only. */
export interface Reply {
  /** The ack of a committed request; gives the receipt where the ack is the placeholder, else null. */
  accept(view: JobView): Promise<Receipt | null>
  /** Answers with words that only the asker sees. */
  refuse(notice: Notice): Promise<void>
  /** Buys time: called when the store takes longer than a second. `accept` or `refuse` still follows. */
  defer(): Promise<void>
}

// ---------------------------------------------------------------- the store

export interface NewJob extends RequestFacts {
  readonly id: string
  /** Unique for one platform event: a redelivered event is accepted once. */
  readonly eventKey: string
  readonly owner: string
  /** What was pressed, as the adapter names it: while a job of this source and person is live, a second press starts none. */
  readonly source: string | null
  readonly request: ImageRequest
}

/** Caps of the operator's money, in credits a day (UTC); 0 = none. */
export interface Caps {
  readonly day: number
  readonly personDay: number
}

export type AcceptAnswer =
  | { readonly kind: 'accepted'; readonly job: LiveJob }
  | { readonly kind: 'duplicate' }
  /** A live job of the same person, in the same workspace, from the same source is already on its way. */
  | { readonly kind: 'under_way' }
  | { readonly kind: 'refused'; readonly failure: Failure }

/** What the studio asks of the store. */
export interface JobStore {
  /** One transaction: event key, caps, job, tasks, ledger holds. */
  accept(entry: NewJob, caps: Caps): Promise<AcceptAnswer>
  /**
   * Nobody repeats an accept that may have been written down unheard. As soon as that can be found out, a job that is
   * there is given back, so that a replica claims it.
   */
  disown(entry: NewJob): void
  get(id: string): Promise<Job | null>
  findByMessage(surface: SurfaceName, messageKey: string): Promise<Job | null>
  /**
   * Newest first, without what was erased; `before` is the id of the last job already seen. `personId` null: everybody's.
   */
  list(query: JobQuery): Promise<readonly Job[]>
  /** Leaves a job that is over out of every list from now on; false when it is unknown or live. */
  erase(id: string): Promise<boolean>
  /** Credits that the caps count for a person today (UTC) and in the last 30 days, pictures made in these, everybody's credits today. */
  spent(surface: SurfaceName, personId: string): Promise<Spent>
  /**
   * Marks a live, unsettled job cancelled and turns its planned tasks into cancelled ones with their holds refunded, by
   * state and not by owner; settles it when nothing is left. Null: unknown, settled or over.
   */
  cancel(id: string): Promise<LiveJob | null>
  /**
   * Who waits for a submit, everywhere: the job of each planned task, in fair order between people (round by round, one
   * task of each person, who has most under way comes last; after all of these, who may not run yet), at most `limit`.
   */
  line(limit: number, maxRunningPerPerson: number): Promise<readonly string[]>
}

export interface Spent {
  readonly today: number
  readonly month: number
  readonly pictures: number
  readonly everybodyToday: number
}

export interface JobQuery {
  readonly surface: SurfaceName
  readonly workspace: string
  readonly personId: string | null
  readonly limit: number
  readonly before: string | null
  /** With shares, which are left out otherwise. */
  readonly shares?: boolean
}

/** Says whose job a change is; a change by another owner throws `not_ours`. */
export interface Fence {
  readonly jobId: string
  readonly owner: string
}

export interface SubmitLimits {
  readonly maxInFlight: number
  readonly perSecond: number
  /** Jobs of one person with a slot, at most; a job's own further tasks need no other place. */
  readonly maxRunningPerPerson: number
  /** How long a task keeps its slot at most, also one whose outcome is unknown, in milliseconds. */
  readonly slotMs: number
}

/**
 * `wait`: no slot or no rate now, for anybody; `person_busy`: enough of this person's jobs are running, here or elsewhere;
 * `skip`: the task is no longer planned.
 */
export type BeginAnswer =
  | { readonly kind: 'go'; readonly submittedAt: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'person_busy'; readonly ms: number }
  | { readonly kind: 'skip' }

/** What driving a job asks of the store: each call is one fenced transaction. All but `taken` throw `not_ours`. */
export interface DriveStore {
  /** The message exists: stores its receipt. */
  opened(fence: Fence, receipt: Receipt): Promise<void>
  /** The input pictures are ready for the image API. */
  prepared(fence: Fence, ready: readonly ReadyInput[]): Promise<void>
  /** Rate, slot and the mark `submitting`, before the POST. */
  begin(fence: Fence, n: number, limits: SubmitLimits): Promise<BeginAnswer>
  /** The POST was certainly not taken: back to planned. */
  notTaken(fence: Fence, n: number): Promise<void>
  /** A task id is a fact, whoever learns it: submitting or ambiguous becomes polling. False when the task already had one. */
  taken(jobId: string, n: number, taskId: string): Promise<boolean>
  /** Ends one task and captures or refunds its hold; settles the job when it was the last. Gives the job as it now is. */
  end(fence: Fence, n: number, end: TaskEnd): Promise<LiveJob>
  /** Nothing more to do for it: delivered with a receipt, or abandoned with a reason. Erases the address's secret. */
  close(fence: Fence, close: { readonly receipt: Receipt } | { readonly failure: Failure }): Promise<void>
}

/** What a replica asks of the store to hold its jobs and to take over those of the dead. */
export interface ReplicaStore {
  /** True when this process alone can have the store: nobody else's heartbeat needs waiting for. */
  readonly exclusive: boolean
  /** Writes the heartbeat; gives the number of polling tasks of all replicas that are alive by the store's TTL, this one included. */
  beat(owner: string, polling: number, surfaces: readonly SurfaceName[]): Promise<{ readonly polling: number }>
  /** Live jobs of this owner that were cancelled, wherever that was pressed, and are not settled yet. */
  cancelled(owner: string): Promise<readonly string[]>
  /** Takes over live jobs whose owner has no heartbeat within `ttlMs` (or none at all), oldest first. */
  claim(owner: string, surfaces: readonly SurfaceName[], ttlMs: number, limit: number): Promise<readonly LiveJob[]>
  /** Gives jobs back, so that another replica takes them at once. */
  release(owner: string, jobIds: readonly string[]): Promise<void>
  /** Gives everything back and removes the heartbeat. */
  leave(owner: string): Promise<void>
}

/** News for other replicas: only hints, each with a timed fallback elsewhere, for they may get lost. */
export type Hint =
  /** A task's end was called back. */
  | { readonly kind: 'due'; readonly jobId: string; readonly n: number }
  /** A job was cancelled. */
  | { readonly kind: 'cancelled'; readonly jobId: string }
  /** A slot at the image API was freed. */
  | { readonly kind: 'freed' }

/** Passes hints between replicas (and to this one's own listener); lost ones stay lost. */
export interface Hints {
  /** Never throws, never waits. */
  send(hint: Hint): void
  /** One listener; called until `signal` aborts. */
  listen(listener: (hint: Hint) => void, signal: AbortSignal): void
}

/** What was learned of how long tasks take: for all replicas, and for the next start. */
export interface DurationStore {
  /** What is kept, by class of tasks. */
  all(): Promise<ReadonlyMap<string, string>>
  /**
   * One transaction: replaces what is kept of a class (null: nothing) by what `change` makes of it, and gives that.
   * `change` may be called again: no other replica's change is lost.
   */
  update(taskClass: string, change: (kept: string | null) => string): Promise<string>
}

/** What a form needs later (the pictures it was opened on), kept until it is sent or expires. */
export interface Drafts {
  /** `id` is the caller's own and unguessable: a form is opened with it while the draft is still being written. */
  put(id: string, draft: Json, keepMs: number): Promise<void>
  /** The draft, or null when unknown or expired. */
  get(id: string): Promise<Json | null>
}

/** Named secrets. */
export interface Vault {
  get(name: string): Promise<string | null>
  put(name: string, value: string): Promise<void>
  /** Forgets it; also one that is not there. */
  remove(name: string): Promise<void>
  /** Runs `task` while no other holder of `name` runs, in any replica. */
  withLock<T>(name: string, task: () => Promise<T>): Promise<T>
}

// ---------------------------------------------------------------- HTTP

export interface RouteRequest {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The raw body; it fails with `input_too_large` beyond the route's `maxBytes`. */
  readonly body: AsyncIterable<Uint8Array>
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal
}

export interface RouteAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array | string>
}

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST'
  /** `/inputs/:id` style. */
  readonly path: string
  /** Largest body taken, in bytes. */
  readonly maxBytes: number
  handle(request: RouteRequest): Promise<RouteAnswer>
}

/** The one HTTP port, as adapters see it. */
export interface Routes {
  mount(route: Route): void
}

// ---------------------------------------------------------------- adapters

/** What every adapter is given besides its own configuration. */
export interface AdapterTools {
  readonly log: Log
  readonly meter: Meter
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly step: Step
  readonly drafts: Drafts
  readonly vault: Vault
  readonly routes: Routes
  readonly shelf: Shelf
  /** Signed links to what is on the shelf; null where nothing outside can fetch from us. */
  readonly links: Links | null
  /** Reports what can't be cured by waiting (a wrong token): the process says so and ends with exit code 1. */
  readonly fatal: (error: AppError) => void
}

/** One chat platform: its speaking and its listening half. */
export interface Adapter {
  readonly surface: Surface
  readonly intake: Intake
}
