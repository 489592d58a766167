import type { Table } from './table.ts'

/** `quick`: a minute or so, to see that everything works; its figures are no figures. */
export type Scale = 'full' | 'quick'

export interface Benchmark {
  /** As it is named on the command line and in docs/performance.md. */
  readonly name: string
  readonly title: string
  run(scale: Scale): Promise<Outcome>
}

export interface Outcome {
  readonly goals: readonly Goal[]
  /** What was measured, where the goals do not say it all. */
  readonly measured: readonly Table[]
  readonly plots?: readonly Plot[]
  /** How to read it. */
  readonly notes?: readonly string[]
}

/** An image for docs/. */
export interface Plot {
  readonly file: string
  readonly alt: string
  readonly svg: string
}

/** One line of the table that every benchmark ends with. */
export interface Goal {
  /** Its name in the design, where it has one: `G1`. */
  readonly id: string
  readonly what: string
  readonly ours: string
  readonly peer: string
  readonly ratio: string
  readonly goal: string
  readonly met: boolean
}

type Shown = (value: number) => string

/** A goal about ours against a peer's, both measured in this run. */
export function against(
  [id, what]: readonly [id: string, what: string],
  { ours, peer, atMost }: { readonly ours: number; readonly peer: number; readonly atMost: number },
  shown: Shown,
): Goal {
  const ratio = ours / peer
  return {
    ...{ id, what, ours: shown(ours), peer: shown(peer), ratio: ratio.toFixed(2) },
    goal: `≤ ${atMost.toFixed(2)}×`,
    met: ratio <= atMost,
  }
}

/** A goal about ours alone. */
export function within(
  [id, what]: readonly [id: string, what: string],
  { ours, atMost }: { readonly ours: number; readonly atMost: number },
  shown: Shown,
): Goal {
  return { ...{ id, what, ours: shown(ours), peer: '', ratio: '' }, goal: `≤ ${shown(atMost)}`, met: ours <= atMost }
}

export const shown = {
  ms: (value: number) => `${value < 20 ? value.toFixed(1) : Math.round(value)} ms`,
  seconds: (value: number) => `${value.toFixed(2)} s`,
  megabytes: (value: number) => `${Math.round(value / 1e6)} MB`,
  cores: (value: number) => `${value.toFixed(2)} cores`,
  count: (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2)),
  percent: (value: number) => `${(value * 100).toFixed(1)} %`,
} as const
