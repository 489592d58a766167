import type { Breaker } from './breaker.ts'
import type { Callbacks } from './callbacks.ts'
import type { LiveJob, Receipt, SurfaceName } from './job.ts'
import type { Poller } from './poller.ts'
import type {
  Call,
  Clock,
  DriveStore,
  ImageApi,
  JobStore,
  Log,
  Meter,
  Random,
  Step,
  SubmitLimits,
  Surface,
} from './ports.ts'
import type { Relay } from './relay.ts'
import type { Turns } from './turns.ts'
import type { TaskClass } from './watched.ts'

/** Everything that driving jobs needs. */
export interface DriveDeps {
  readonly jobs: Pick<JobStore, 'get' | 'cancel'>
  readonly drive: DriveStore
  readonly surfaces: ReadonlyMap<SurfaceName, Surface>
  readonly api: ImageApi
  readonly relay: Relay
  readonly poller: Poller
  readonly turns: Turns
  readonly breaker: Breaker
  readonly callbacks: Callbacks
  readonly clock: Clock
  readonly random: Random
  readonly meter: Meter
  readonly step: Step
  readonly settings: DriveSettings
}

interface DriveSettings {
  /** Of this moment, for a task of this class: how many may be under way follows from what their looks cost. */
  readonly limits: (taskClass: TaskClass) => SubmitLimits
  /** How long one POST may take before its outcome counts as unknown. */
  readonly submitTimeoutMs: number
  /** How long a task may take before its person is told that it is late. */
  readonly taskTimeoutMs: number
  /** How long a late task is still watched, rarely, before it is given up. */
  readonly longestMs: number
  readonly model: string
}

/** Jobs under way in this process, the job itself among them. */
export interface Live {
  readonly surface: number
  /** In the job's own channel. */
  readonly channel: number
}

/** One job under way in this process. */
export interface Ride {
  readonly owner: string
  /** For work that must come to its end: aborts when the grace time is over or the job is lost. */
  readonly call: Call
  /** For the paid POST: it is not cut when the job is lost, for its answer is a fact whoever owns the job. */
  readonly post: Call
  /** Aborts as soon as this process should begin nothing new. */
  readonly stopping: AbortSignal
  /** Aborts when somebody cancels the job. */
  readonly cancelling: AbortSignal
  /** Cancels the job from within. */
  cancel(): void
  readonly ack: Promise<Receipt | null> | null
  readonly live: () => Live
  readonly log: Log
}

/** What the steps of one drive share: the job as it is known now. */
export interface DriveState {
  job: LiveJob
  phase: 'queued' | 'preparing'
  /** Shows at once what has changed. */
  refresh(): void
  readonly surface: Surface
}

/** Tasks that take alike: model, quality, and whether pictures were handed in. */
export function taskClassOf(job: LiveJob, model: string): TaskClass {
  return `${model}/${job.request.quality}/${job.inputs.length > 0 ? 'edit' : 'new'}`
}
