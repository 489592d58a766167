import type { Address, Receipt } from '../core/job.ts'
import type { Call, Shelf, Surface } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { shelfPicture } from '../media/picture.ts'
import { messageIdOf } from './address.ts'
import type { Hub } from './hub.ts'
import { paceMs } from './limits.ts'
import { surfaceName } from './parse.ts'
import { pictureIdOf, resultId } from './picture-id.ts'

export interface SurfaceOptions {
  readonly hub: Pick<Hub, 'publish'>
  readonly shelf: Shelf
  /** How long pictures shown are kept, in milliseconds. */
  readonly keepMs: number
}

export function createSurface({ hub, shelf, keepMs }: SurfaceOptions): Surface {
  async function show(address: Address, view: JobView, call: Call): Promise<Receipt> {
    const messageKey = messageIdOf(address)
    call.signal.throwIfAborted()
    const files = view.kind === 'result' ? await keep(view, call) : []
    call.signal.throwIfAborted()
    call.gate()
    hub.publish({ view, files })
    return { address, messageKey, files }
  }

  const sourceOf = (id: string) => ({ picture: shelfPicture(shelf, id), publicUrl: async () => null })

  /** Copies the pictures to the shelf, byte for byte: the image API's URLs expire, the conversation stays. */
  async function keep({ jobId, pictures }: ViewOf<'result'>, { signal, gate }: Call): Promise<string[]> {
    const files: string[] = []
    for (const [at, { picture }] of pictures.entries()) {
      const id = resultId(jobId, at + 1)
      const { type, body } = await picture.open(signal)
      gate()
      await shelf.put(id, type, body, keepMs)
      files.push(id)
    }
    return files
  }

  return {
    name: surfaceName,
    show,
    pace: () => paceMs,
    stale: () => false,
    input: ({ at }) => sourceOf(pictureIdOf(at)),
    picture: ({ files }, n) => sourceOf(pictureIdOf(files[n - 1])),
  }
}
