/**
 * Where a replica can be made to stop itself: the named points of the program, and three that its transport shows, the
 * POST that was sent and is not answered yet, an upload of which a part was sent, and all of it.
 */
export const points = [
  'accepted',
  'marked',
  'posted',
  'answered',
  'stored',
  'settled',
  'uploading',
  'sending',
  'uploaded',
  'shown',
  'delivered',
] as const
export type Point = (typeof points)[number]

/** After a stop here nobody knows whether the API was asked: the task is given up after a while and keeps its slot for longer. */
export const doubtful: ReadonlySet<Point> = new Set(['marked', 'posted', 'answered'])

/** Dies, pauses, or is asked to end, the next time that it comes to this point. */
export interface Halt {
  readonly at: Point
  readonly how: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM'
}

/** What a replica is told. */
export type Order =
  | { readonly do: 'start' }
  | ({ readonly do: 'halt' } & Halt)
  /** Not to halt after all. */
  | { readonly do: 'go_on' }

/** What a replica says of itself, a line each, among the lines of its log. */
export type Word =
  | { readonly replica: 'loaded' }
  | ({ readonly replica: 'halted'; readonly job: string | null } & Halt)
  /** Written down: from now on nobody may lose it. */
  | { readonly replica: 'accepted'; readonly job: string }
  | { readonly replica: 'broken'; readonly why: string }

/** The header by which the chat's stand-in can tell the replicas from each other. */
export const nameHeader = 'x-replica'
