import type { Links } from '../core/link.ts'
import type { Call, Clock, Shelf } from '../core/ports.ts'
import type { ViewOf } from '../core/view.ts'
import { createHolding } from '../media/holding.ts'
import { slackLimits } from './limits.ts'
import { packed } from './upload.ts'

/** A result's pictures where Slack, and people, can fetch them when Slack does not take the files. */
export interface PublicPictures {
  /** Links to our own port; null where nobody outside reaches it. Slack fetches at once, and again when its cache is cold. */
  own(view: ViewOf<'result'>, call: Call): Promise<readonly string[] | null>
  /** The image API's own links; null where there are none for people. */
  upstream(view: ViewOf<'result'>): readonly string[] | null
}

export interface PublicPicturesOptions {
  readonly shelf: Pick<Shelf, 'put'>
  readonly links: Links | null
  readonly clock: Clock
}

const keepMs = 7 * 24 * 3_600_000

export function createPublicPictures({ shelf, links, clock }: PublicPicturesOptions): PublicPictures {
  async function shelved(id: string, picture: ViewOf<'result'>['pictures'][number]['picture'], call: Call) {
    const holding = createHolding()
    try {
      const { type, body } = await packed(picture, holding, call.signal)
      await shelf.put(id, type, body, keepMs)
    } finally {
      holding.leave()
    }
  }

  return {
    own: async ({ jobId, pictures }, call) => {
      if (links === null) return null
      const urls: string[] = []
      for (const { n, picture } of pictures) {
        const id = `${jobId}-out${n}`
        const url = links.sign(id, clock.now() + keepMs)
        // Slack fetches by https only, and never from this machine.
        if (!isPublic(url)) return null
        await shelved(id, picture, call)
        urls.push(url)
      }
      return urls
    },
    upstream: ({ pictures }) => {
      const urls = pictures.map(({ link }) => link ?? '')
      return urls.every(isPublic) ? urls : null
    },
  }
}

function isPublic(url: string): boolean {
  return url.startsWith('https://') && url.length <= slackLimits.url
}
