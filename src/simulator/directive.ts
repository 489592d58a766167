import { apiError } from './api-error.ts'
import type { Behaviour } from './behaviour.ts'
import { readBehaviour } from './behaviour-form.ts'
import { failureShapes, resultShapes } from './shapes.ts'
import { keptMs } from './task.ts'

// `[sim:name]`, `[sim:name=value]`, `[sim:name*times]`
const pattern = /\[sim:([a-z0-9_-]+)(?:=([^\]*]+))?(?:\*(\d{1,3}))?\]/gi

/** The behaviours that a prompt asks for in brackets: `a fox [sim:fail]`. What is not known is left alone. */
export function directivesIn(prompt: string): readonly Behaviour[] {
  // Every answer passes here; only a few prompts have any.
  if (!/\[sim:/i.test(prompt)) return []
  return [...prompt.matchAll(pattern)].flatMap((match) => {
    const behaviour = behaviourOf(match)
    return behaviour === null ? [] : [behaviour]
  })
}

/** The prompt without its directives: what is to be drawn. */
export function withoutDirectives(prompt: string): string {
  return prompt.replace(pattern, (...match) => (behaviourOf(match) === null ? String(match[0]) : '')).trim()
}

function behaviourOf(match: readonly unknown[]): Behaviour | null {
  const [, name, value, times] = match
  const fields = fieldsOf(String(name).toLowerCase(), typeof value === 'string' ? value.trim() : null)
  if (fields === null) return null
  const behaviour = readBehaviour(typeof times === 'string' ? { ...fields, times: Number(times) } : fields)
  return typeof behaviour === 'string' ? null : behaviour
}

function fieldsOf(name: string, value: string | null): object | null {
  if (/^[45]\d\d$/.test(name)) return refusal('submit', Number(name))
  switch (name) {
    case 'refuse':
      return { on: 'submit', do: 'refuse', status: 400, type: 'content_policy_violation' }
    case 'bare':
      return { on: 'submit', do: 'bare', status: Number(value ?? 502) }
    case 'hang':
    case 'reset':
      return { on: 'submit', do: name }
    case 'lose':
      return { on: 'submit', do: 'lose', how: value ?? 'reset' }
    case 'fail':
      return { on: 'task', do: 'fail', ...(value === null ? {} : { message: value }) }
    case 'slow':
      return { on: 'task', do: 'last', ms: Number(value ?? 45) * 1000 }
    case 'stuck':
      return { on: 'task', do: 'last', ms: keptMs }
    case 'look':
      return lookFields(value ?? '500')
    case 'shape':
      return shapeFields(value ?? '')
    case 'result':
      return resultFields(value ?? 'gone')
    default:
      return null
  }
}

function refusal(on: 'submit' | 'look', status: number): object {
  const waits = status === 429 || status === 503
  return { on, do: 'refuse', status, type: apiError(status).type, ...(waits ? { retryAfter: 2 } : {}) }
}

function lookFields(value: string): object {
  return /^[45]\d\d$/.test(value) ? refusal('look', Number(value)) : { on: 'look', do: value }
}

function shapeFields(value: string): object | null {
  const result = resultShapes.find((shape) => shape === value)
  const failure = failureShapes.find((shape) => shape === value)
  if (result === undefined && failure === undefined) return null
  return { on: 'look', do: 'shape', ...(result && { result }), ...(failure && { failure }) }
}

function resultFields(value: string): object {
  return { on: 'result', do: value, ...(value === 'slow' ? { ms: 1000 } : {}) }
}
