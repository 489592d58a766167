import type { LookShape, SubmitShape } from './shapes.ts'

/** One way in which the simulator departs from its best manners. */
export type Behaviour = SubmitBehaviour | LookBehaviour | TaskBehaviour | ResultBehaviour

interface Reach {
  /** How many times; for ever where it is left out. */
  readonly times?: number
  /** Only for prompts that contain this. */
  readonly prompt?: string
}

interface Refusal extends Reach {
  readonly do: 'refuse'
  readonly status: number
  readonly type?: string
  readonly message?: string
  /** Seconds of `Retry-After`. */
  readonly retryAfter?: number
  /** HTTP 200, with the status as the body's `code` alone. */
  readonly enveloped?: boolean
}

interface Bare extends Reach {
  /** A status with no JSON, as a gateway gives it. */
  readonly do: 'bare'
  readonly status: number
}

interface Silent extends Reach {
  readonly do: 'hang' | 'reset'
}

interface Delay extends Reach {
  readonly do: 'delay'
  readonly ms: number
}

type SubmitBehaviour = { readonly on: 'submit' } & (
  | Refusal
  | Bare
  | Silent
  | Delay
  /** Takes the request and charges for it, and the answer is lost. */
  | (Reach & { readonly do: 'lose'; readonly how: 'hang' | 'reset' | 'bare' | 'no_id' })
  | (Reach & { readonly do: 'shape'; readonly shape: SubmitShape })
  /** At most so many tasks being worked on, so many submits a second; beyond it 429. */
  | (Reach & { readonly do: 'limit'; readonly inFlight?: number; readonly perSecond?: number })
  /** Answers 400 to a request that carries a `callback_url`. */
  | (Reach & { readonly do: 'refuse_callbacks' })
)

type LookBehaviour = { readonly on: 'look' } & (
  | Refusal
  | Bare
  | Silent
  | Delay
  /** 200 with nothing that tells how the task stands. */
  | (Reach & { readonly do: 'say_nothing' })
  | (Reach & { readonly do: 'shape' } & LookShape)
  /** At most so many looks a second, at one task and at all; beyond it 429. */
  | (Reach & { readonly do: 'limit'; readonly perTask?: number; readonly perSecond?: number })
)

/** Decided when a task is taken. */
type TaskBehaviour = { readonly on: 'task' } & (
  | (Reach & { readonly do: 'fail'; readonly code?: string; readonly message?: string })
  | (Reach & { readonly do: 'last'; readonly ms: number })
)

export const resultFaults = ['html', 'empty', 'short', 'webp', 'jpeg', 'hang', 'reset'] as const

type ResultBehaviour = { readonly on: 'result' } & (
  | (Reach & { readonly do: (typeof resultFaults)[number] })
  | (Reach & { readonly do: 'gone'; readonly status?: number })
  /** A pause before each sixteenth of the bytes. */
  | (Reach & { readonly do: 'slow'; readonly ms: number })
  /** A picture that can't be compressed, of at least so many bytes. */
  | (Reach & { readonly do: 'large'; readonly bytes?: number })
  /** To `to`, or to itself: `times` redirects, or a loop. */
  | (Reach & { readonly do: 'redirect'; readonly to?: string })
)

export type Stage = Behaviour['on']
type ActOf<S extends Stage> = Extract<Behaviour, { on: S }>['do']
export type BehaviourOf<S extends Stage, A extends string> = Extract<Behaviour, { on: S; do: A }>

/** The behaviours that are switched on. */
export interface Behaviours {
  add(behaviour: Behaviour): void
  list(): readonly Behaviour[]
  clear(): void
  /** The first that applies here and now, counted as done once; null if none does. */
  take<S extends Stage, A extends ActOf<S>>(on: S, acts: readonly A[], prompt: string): BehaviourOf<S, A> | null
}

/** `directives` reads further behaviours out of a prompt; they come first. */
export function createBehaviours(directives: (prompt: string) => readonly Behaviour[]): Behaviours {
  let switched: { readonly behaviour: Behaviour; left: number }[] = []
  // How often each directive with a number of times was followed, by prompt.
  const followed = new Map<string, number>()

  const takeDirective = (prompt: string, fits: (behaviour: Behaviour) => boolean): Behaviour | null => {
    for (const behaviour of directives(prompt).filter(fits)) {
      if (behaviour.times === undefined) return behaviour
      const key = JSON.stringify([behaviour, prompt])
      const count = followed.get(key) ?? 0
      if (count >= behaviour.times) continue
      if (followed.size >= 1000) followed.clear()
      followed.set(key, count + 1)
      return behaviour
    }
    return null
  }

  const takeSwitched = (prompt: string, fits: (behaviour: Behaviour) => boolean): Behaviour | null => {
    const found = switched.find(
      ({ behaviour, left }) =>
        left > 0 && fits(behaviour) && (behaviour.prompt === undefined || prompt.includes(behaviour.prompt)),
    )
    if (found === undefined) return null
    found.left -= 1
    return found.behaviour
  }

  const take = (on: Stage, acts: readonly string[], prompt: string): Behaviour | null => {
    const fits = (behaviour: Behaviour) => behaviour.on === on && acts.includes(behaviour.do)
    return takeDirective(prompt, fits) ?? takeSwitched(prompt, fits)
  }

  return {
    add: (behaviour) => {
      switched.push({ behaviour, left: behaviour.times ?? Number.POSITIVE_INFINITY })
    },
    list: () => switched.filter(({ left }) => left > 0).map(({ behaviour }) => behaviour),
    clear: () => {
      switched = []
      followed.clear()
    },
    // What fits has the stage and one of the acts.
    take: take as Behaviours['take'],
  }
}
