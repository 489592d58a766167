import type { Call, Clock, Step } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import type { Place } from './address.ts'
import { faultOf, isUnreadyFile, refusal } from './errors.ts'
import type { Files } from './files.ts'
import type { Draft, Poster } from './poster.ts'
import { altOf, type Drawing, type Uploaded } from './render.ts'
import { createUnfinished } from './unfinished.ts'
import type { Uploads } from './upload.ts'

/** Brings the pictures of a result into its message. */
export interface Results {
  /** Uploads the pictures, each once however often showing them is tried, and waits until Slack can show them. */
  upload(view: ViewOf<'result'>, call: Call): Promise<readonly Uploaded[]>
  /** Shows them at a place; gives the place as it is then, and the files as they are shown there. */
  show(place: Place, view: ViewOf<'result'>, uploaded: readonly Uploaded[], call: Call): Promise<ShownResult>
  /** Where an earlier try already posted the message. */
  placeOf(jobId: string): Place | null
  forget(jobId: string): void
}

export interface ShownResult {
  readonly place: Place
  readonly files: readonly Uploaded[]
}

/** Makes the message of a view at a place. */
export type Draw = (place: Place, view: JobView, files?: readonly Uploaded[], shown?: Drawing['shown']) => Draft

export interface ResultDeps {
  readonly poster: Poster
  readonly files: Files
  readonly uploads: Uploads
  readonly clock: Clock
  readonly step: Step
  readonly draw: Draw
}

/** How often, and how long apart in milliseconds, a message is sent again whose picture Slack can't show yet. */
const unready = { tries: 6, waitMs: 1_000 }

export function createResults(deps: ResultDeps): Results {
  const { poster, files, uploads, clock, draw } = deps
  const unfinished = createUnfinished(clock)

  async function upload(view: ViewOf<'result'>, call: Call): Promise<readonly Uploaded[]> {
    const known = unfinished.filesOf(view.jobId, 'message')
    const ends = await Promise.allSettled(
      view.pictures.map(async ({ n, picture }) => {
        const before = known.get(n)
        if (before !== undefined) return before
        const file = await uploads.upload({ picture, name: nameOf(n), alt: altOf(view), share: null }, call)
        known.set(n, file)
        return file
      }),
    )
    const uploaded = ends.map((end) => {
      if (end.status === 'rejected') throw end.reason
      return end.value
    })
    await Promise.all(uploaded.map(({ id }) => files.ready(id, call)))
    await deps.step('uploading', view.jobId)
    return uploaded
  }

  async function show(place: Place, view: ViewOf<'result'>, uploaded: readonly Uploaded[], call: Call) {
    if (place.route === 'respond') return { place: await respond(place, view, uploaded, call), files: uploaded }
    const posted = await withMessage(place, view, call)
    return { place: posted, files: await edit(posted, view, uploaded, call) }
  }

  /** The message to show a result in. A new one is first words: if we stop in between, no picture is shown twice. */
  async function withMessage(place: Place, view: ViewOf<'result'>, call: Call): Promise<Place> {
    if (place.message !== null) return place
    const posted = await poster.post(place, draw(place, { ...view, kind: 'queued', place: null }), call)
    unfinished.placed(view.jobId, posted)
    return posted
  }

  async function edit(place: Place, view: ViewOf<'result'>, uploaded: readonly Uploaded[], call: Call) {
    const { message } = place
    if (message === null) throw refusal('message_not_found')
    try {
      await patiently(call, () => poster.edit(message, draw(place, view, uploaded), call, 'safely'))
      return uploaded
    } catch (error) {
      if (faultOf(error) !== 'unfit') throw error
    }
    // Slack shows files in threads that it does not show in blocks.
    const shared = await shareInThread(message, view, call)
    await poster.edit(message, draw(place, view, shared, 'thread'), call, 'safely')
    return shared
  }

  async function shareInThread(message: NonNullable<Place['message']>, view: ViewOf<'result'>, call: Call) {
    const { channel, ts, thread } = message
    const known = unfinished.filesOf(view.jobId, 'thread')
    // One after the other: they are to stand in their order.
    for (const { n, picture } of view.pictures) {
      if (known.has(n)) continue
      const share = { channel, thread: thread ?? ts }
      const file = await uploads.upload({ picture, name: nameOf(n), alt: altOf(view), share }, call)
      // Slack's "ok" is no promise that it was shared.
      if (!(await files.shared(file.id, channel, call))) throw refusal('posting_to_channel_denied')
      known.set(n, file)
    }
    return [...known.values()]
  }

  async function respond(place: Place, view: ViewOf<'result'>, uploaded: readonly Uploaded[], call: Call) {
    const audience = place.private ? 'ephemeral' : 'in_channel'
    try {
      return await patiently(call, () => poster.respond(place, draw(place, view, uploaded), audience, call))
    } catch (error) {
      if (faultOf(error) !== 'unfit') throw error
      // No thread to share it into: it has to go another way.
      throw refusal('expired_url')
    }
  }

  /** Sends again while Slack says that a picture in the message is not ready. */
  async function patiently<T>(call: Call, send: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send()
      } catch (error) {
        if (!isUnreadyFile(error) || attempt >= unready.tries) throw error
        await clock.sleep(unready.waitMs, call.signal)
      }
    }
  }

  return { upload, show, placeOf: unfinished.placeOf, forget: unfinished.forget }
}

function nameOf(n: number): string {
  return `imagine-${n}`
}
