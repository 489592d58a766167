import type { Behaviour, Stage } from './behaviour.ts'
import { resultFaults } from './behaviour.ts'
import { failureShapes, resultShapes, submitShapes } from './shapes.ts'
import { keptMs } from './task.ts'

/** `status`: of HTTP; `ms`: up to a day; `bytes`: up to what the program takes for a picture; or one of some words. */
type Field = 'count' | 'status' | 'ms' | 'bytes' | 'string' | 'boolean' | readonly string[]

/** The fields of an act; those that end in `!` must be there. */
type Form = Readonly<Record<string, Field>>

const answers: Readonly<Record<string, Form>> = {
  refuse: { 'status!': 'status', type: 'string', message: 'string', retryAfter: 'count', enveloped: 'boolean' },
  bare: { 'status!': 'status' },
  hang: {},
  reset: {},
  delay: { 'ms!': 'ms' },
}

const forms: Readonly<Record<Stage, Readonly<Record<string, Form>>>> = {
  submit: {
    ...answers,
    lose: { 'how!': ['hang', 'reset', 'bare', 'no_id'] },
    shape: { 'shape!': submitShapes },
    limit: { inFlight: 'count', perSecond: 'count' },
    refuse_callbacks: {},
  },
  look: {
    ...answers,
    say_nothing: {},
    shape: {
      result: resultShapes,
      failure: failureShapes,
      working: 'string',
      completed: 'string',
      failed: 'string',
      progress: 'boolean',
    },
    limit: { perTask: 'count', perSecond: 'count' },
  },
  task: { fail: { code: 'string', message: 'string' }, last: { 'ms!': 'ms' } },
  result: {
    ...Object.fromEntries(resultFaults.map((fault) => [fault, {}])),
    gone: { status: 'status' },
    slow: { 'ms!': 'ms' },
    large: { bytes: 'bytes' },
    redirect: { to: 'string' },
  },
}

const reach: Form = { times: 'count', prompt: 'string' }

/** A behaviour given as JSON, or what is wrong with it. */
export function readBehaviour(json: unknown): Behaviour | string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'a behaviour is a JSON object'
  const { on, do: act, ...fields } = json as Readonly<Record<string, unknown>>
  const stage = Object.entries(forms).find(([name]) => name === on)?.[1]
  if (stage === undefined) return `on: one of ${Object.keys(forms).join(', ')}`
  const form = Object.entries(stage).find(([name]) => name === act)?.[1]
  if (form === undefined) return `do: one of ${Object.keys(stage).join(', ')}`
  return problemIn(fields, { ...reach, ...form }) ?? (json as Behaviour)
}

function problemIn(fields: Readonly<Record<string, unknown>>, form: Form): string | null {
  const known = new Map(Object.entries(form).map(([name, field]) => [name.replace('!', ''), field]))
  for (const [name, value] of Object.entries(fields)) {
    const field = known.get(name)
    if (field === undefined) return `${name}: not known here; known are ${[...known.keys()].join(', ')}`
    if (!fits(value, field)) return `${name}: ${typeof field === 'string' ? field : `one of ${field.join(', ')}`}`
  }
  const missing = Object.keys(form).find((name) => name.endsWith('!') && !(name.slice(0, -1) in fields))
  return missing === undefined ? null : `${missing.slice(0, -1)}: missing`
}

function fits(value: unknown, field: Field): boolean {
  switch (field) {
    case 'string':
    case 'boolean':
      return typeof value === field
    case 'count':
      return isWithin(value, 0, 1_000_000)
    case 'status':
      return isWithin(value, 200, 599)
    case 'ms':
      return isWithin(value, 0, keptMs)
    case 'bytes':
      return isWithin(value, 1, 60_000_000)
    default:
      return typeof value === 'string' && field.includes(value)
  }
}

function isWithin(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && value >= low && value <= high
}
