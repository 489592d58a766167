import type { Links } from '../core/link.ts'
import type { Hints, Routes } from '../core/ports.ts'

export interface CallbacksOptions {
  readonly links: Pick<Links, 'calledBack'>
  readonly hints: Pick<Hints, 'send'>
}

/** What the API may write into a callback; none of it is read. */
const maxBytes = 256 * 1024

/**
 * `POST /callbacks/:path`: the image API says that a task has ended. Only a hint to look at once: what it claims is
 * never believed, and a path that we did not give out is not found.
 */
export function mountCallbacks(routes: Routes, { links, hints }: CallbacksOptions): void {
  routes.mount({
    method: 'POST',
    path: '/callbacks/:path',
    maxBytes,
    handle: async (request) => {
      const task = links.calledBack(request.params.path ?? '')
      if (task === null) return { status: 404 }
      hints.send({ kind: 'due', ...task })
      return { status: 204 }
    },
  })
}
