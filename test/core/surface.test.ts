import { testSurface } from '../contract/surface.ts'
import { createManualClock } from '../fakes/clock.ts'
import { createFakeSurface } from '../fakes/surface.ts'

// The fake that the core is tested with keeps to what it stands for.
testSurface('of the tests', async () => {
  const surface = createFakeSurface({ clock: createManualClock() })
  return {
    surface,
    address: async () => surface.place(),
    messages: () => surface.messages.length,
    writes: () => surface.writes.length,
    close: async () => undefined,
  }
})
