import type { Adapter, AdapterTools } from '../core/ports.ts'
import { createHub } from './hub.ts'
import { createIntake } from './intake.ts'
import { createSurface } from './surface.ts'

export interface PlaygroundOptions {
  /** How long the conversation's pictures are kept, in milliseconds. */
  readonly keepMs: number
  /** Whether the simulator draws the pictures, which the page then says. */
  readonly simulated: boolean
}

/** A chat in one page on this machine: the third adapter, and the first that a newcomer meets. */
export function createPlayground({ keepMs, simulated }: PlaygroundOptions, tools: AdapterTools): Adapter {
  const { routes, shelf } = tools
  const hub = createHub(tools.clock)
  return {
    surface: createSurface({ hub, shelf, keepMs }),
    intake: createIntake({ hub, shelf, routes, keepMs, simulated, tools }),
  }
}
