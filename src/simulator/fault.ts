import { type Answer, errorAnswer } from './answer.ts'
import { apiError } from './api-error.ts'
import type { BehaviourOf } from './behaviour.ts'

type Fault = BehaviourOf<'submit' | 'look', 'refuse' | 'bare' | 'hang' | 'reset'>

/** The answer that a fault asks for. */
export function faultAnswer(fault: Fault): Answer {
  switch (fault.do) {
    case 'refuse': {
      const error = apiError(fault.status, fault)
      if (fault.enveloped !== true) return errorAnswer(error, fault.retryAfter)
      return { kind: 'json', status: 200, body: { code: error.status, message: error.message, data: null } }
    }
    case 'bare':
      return { kind: 'bare', status: fault.status }
    case 'hang':
    case 'reset':
      return { kind: fault.do }
  }
}
