import type { Links } from './link.ts'
import type { Log } from './ports.ts'

/** Whether submits carry a callback, and where to. Switches itself off when the image API does not know the field. */
export interface Callbacks {
  /** The callback for a task; null while they are off. */
  url(jobId: string, n: number): string | null
  /** A submit with a callback was taken: the field is known. */
  taken(): void
  /** Whether a refusal may be due to the field: it was sent, and never yet taken. */
  suspected(): boolean
  /** A submit was taken without the field after being refused with it. */
  refused(): void
}

export function createCallbacks({
  links,
  log,
}: {
  readonly links: Pick<Links, 'callback'> | null
  readonly log: Log
}): Callbacks {
  let state: 'untried' | 'known' | 'off' = links === null ? 'off' : 'untried'
  return {
    url: (jobId, n) => (state === 'off' || links === null ? null : links.callback(jobId, n)),
    taken: () => {
      if (state === 'untried') state = 'known'
    },
    suspected: () => state === 'untried',
    refused: () => {
      state = 'off'
      log.warn({}, 'the image API refuses callback_url: callbacks are off (IMAGE_API_CALLBACKS)')
    },
  }
}
