import type { Durations } from './durations.ts'
import { failureOf } from './failure.ts'
import { decode, durationsFrom, encode, type Hazards, learn, priorHazards, type Sighting } from './hazards.ts'
import type { Clock, DurationStore, Log } from './ports.ts'
import type { TaskClass } from './watched.ts'

/** How long tasks take, learned from the looks at them, by all replicas together and beyond a restart. */
export interface Experience {
  durations(taskClass: TaskClass): Durations
  saw(taskClass: TaskClass, sighting: Sighting): void
  /** Takes over what is kept. Never throws: without it the prior counts. */
  load(): Promise<void>
  /** Adds to what is kept what was seen since the last time. Never throws: what could not be added waits for the next time. */
  save(): Promise<void>
  /** Saves now and then, until the signal aborts. */
  keep(signal: AbortSignal): Promise<void>
}

export interface ExperienceOptions {
  readonly store: DurationStore
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Log
}

interface Learned {
  hazards: Hazards
  durations: Durations
  /** How many looks taught it. */
  seen: number
  /** Seen, and not learned from yet. */
  fresh: Sighting[]
  /** Seen, and not kept yet. */
  unkept: Sighting[]
}

/** Learned from after so many, sooner in the beginning: most of the work is the same for one or many. */
const batch = 20
/** What is kept counts as learned from many. */
const many = 1_000
/** A write a minute, or as soon as there were this many looks at tasks of a class; checked every few seconds. */
const keeping = { lookMs: 10_000, everyMs: 60_000, soonAt: 3_000 }
/** More than these would be forgotten anyway. */
const mostUnkept = 10_000

export function createExperience({ store, clock, log }: ExperienceOptions): Experience {
  const classes = new Map<TaskClass, Learned>()
  let saving = Promise.resolve()

  const of = (taskClass: TaskClass): Learned => {
    const known = classes.get(taskClass)
    if (known !== undefined) return known
    const hazards = priorHazards()
    const made = { hazards, durations: durationsFrom(hazards), seen: 0, fresh: [], unkept: [] }
    classes.set(taskClass, made)
    return made
  }

  const take = (learned: Learned, hazards: Hazards) => {
    learned.hazards = hazards
    learned.durations = durationsFrom(hazards)
    learned.fresh = []
  }

  async function load(): Promise<void> {
    try {
      for (const [taskClass, text] of await store.all()) {
        const hazards = decode(text)
        if (hazards === null) continue
        const learned = of(taskClass)
        take(learned, learn(hazards, learned.unkept))
        learned.seen = many
      }
    } catch (error) {
      log.warn({ failure: failureOf(error).code }, 'durations of tasks not read: learned anew')
    }
  }

  async function saveOne(taskClass: TaskClass, learned: Learned): Promise<void> {
    const sent = learned.unkept
    learned.unkept = []
    try {
      // Learned anew on top of what others kept meanwhile, so that nobody's is lost.
      const text = await store.update(taskClass, (kept) =>
        encode(learn((kept === null ? null : decode(kept)) ?? priorHazards(), sent)),
      )
      const kept = decode(text)
      if (kept !== null) take(learned, learn(kept, learned.unkept))
    } catch (error) {
      learned.unkept = [...sent, ...learned.unkept].slice(-mostUnkept)
      log.debug({ failure: failureOf(error).code }, 'durations of tasks not kept yet')
    }
  }

  async function saveAll(): Promise<void> {
    for (const [taskClass, learned] of classes) if (learned.unkept.length > 0) await saveOne(taskClass, learned)
  }

  const save = () => {
    saving = saving.then(saveAll)
    return saving
  }

  return {
    durations: (taskClass) => of(taskClass).durations,
    saw: (taskClass, sighting) => {
      const learned = of(taskClass)
      learned.seen += 1
      learned.fresh.push(sighting)
      learned.unkept.push(sighting)
      if (learned.unkept.length > 2 * mostUnkept) learned.unkept = learned.unkept.slice(-mostUnkept)
      if (learned.fresh.length >= Math.min(batch, learned.seen / 10))
        take(learned, learn(learned.hazards, learned.fresh))
    },
    load,
    save,
    keep: async (signal) => {
      for (let waitedMs = 0; !signal.aborted; waitedMs += keeping.lookMs) {
        const soon = [...classes.values()].some(({ unkept }) => unkept.length >= keeping.soonAt)
        if (soon || waitedMs >= keeping.everyMs) {
          await save()
          waitedMs = 0
        }
        // Stopping only cuts the wait short.
        await clock.sleep(keeping.lookMs, signal).catch(() => undefined)
      }
    },
  }
}
