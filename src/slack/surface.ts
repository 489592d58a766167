import { AppError } from '../core/failure.ts'
import type { InputRef, Receipt } from '../core/job.ts'
import type { Call, Clock, NewId, Step, Surface } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { messageKeyOf, type Place, readAddress, readFileHandle, toAddress, toFileHandle } from './address.ts'
import { faultOf, refusal } from './errors.ts'
import type { Files } from './files.ts'
import { slackLimits } from './limits.ts'
import type { Poster } from './poster.ts'
import { renderShort, renderView, type Uploaded } from './render.ts'
import type { ResponseUrls } from './response-url.ts'
import { createResults, type Draw, type ShownResult } from './result.ts'
import { elsewhere } from './route.ts'
import type { Uploads } from './upload.ts'

export interface SurfaceDeps {
  readonly poster: Poster
  readonly responses: ResponseUrls
  readonly files: Files
  readonly uploads: Uploads
  readonly clock: Clock
  readonly newId: NewId
  readonly step: Step
  /** The bot's name, as it is invited. */
  readonly botName: () => string
}

const leastPaceMs = 3_000
// A workspace has about fifty edits a minute for all its jobs; a fifth of them is left for the outcomes.
const paceMs = (60_000 / slackLimits.editsPerMinute) * 1.25
/** Progress leaves this many uses of a response URL: one for the end, one for when that goes wrong. */
const keptUses = 2
/** What a response URL posts stays, so there is little of it: at these running times, in milliseconds. */
const respondedProgressMs: readonly number[] = [15_000, 90_000]

/** Shows jobs in Slack. */
export function createSurface(deps: SurfaceDeps): Surface {
  const { poster, responses, files } = deps
  const results = createResults({ ...deps, draw })

  async function show(place: Place, view: JobView, call: Call): Promise<Receipt> {
    if (view.kind === 'result') return result(place, view, call)
    if (isUnderWay(view)) return receipt(await progress(place, view, call))
    const shown = await anywhere(place, (at) => words(at, view, call))
    results.forget(view.jobId)
    return receipt(shown)
  }

  /** Tries the place, then wherever else the message may go. */
  async function anywhere<T>(place: Place, attempt: (place: Place) => Promise<T>): Promise<T> {
    for (let at = place; ; ) {
      try {
        return await attempt(at)
      } catch (error) {
        const { response } = at
        const next = elsewhere(at, faultOf(error), response !== null && responses.left(response) > 0)
        if (next === null) throw error
        at = next
      }
    }
  }

  async function progress(place: Place, view: JobView, call: Call): Promise<Place> {
    if (place.message === null) return anywhere(place, (at) => opening(at, view, call))
    try {
      await poster.edit(place.message, draw(place, view), call, 'never')
    } catch (error) {
      const fault = faultOf(error)
      // Only the outcome is worth a second message.
      if (fault === 'gone' || fault === 'absent' || fault === 'closed') throw messageGone(error)
      throw error
    }
    return place
  }

  async function opening(place: Place, view: JobView, call: Call): Promise<Place> {
    if (place.route !== 'respond') return poster.post(place, draw(place, view), call)
    const { response } = place
    if (response === null) throw refusal('expired_url')
    const left = responses.left(response)
    const uses = slackLimits.responseUses - left
    const due = view.kind === 'running' ? respondedProgressMs.filter((ms) => view.elapsedMs >= ms).length : 0
    const wanted = uses === 0 || view.kind === 'cancelled' || uses <= due
    if (!wanted || left <= keptUses) return place
    return poster.respond(place, draw(place, view), 'ephemeral', call)
  }

  async function words(place: Place, view: JobView, call: Call): Promise<Place> {
    if (place.route === 'respond') return poster.respond(place, draw(place, view), 'ephemeral', call)
    if (place.message === null) return poster.post(place, draw(place, view), call)
    await poster.edit(place.message, draw(place, view), call, 'safely')
    return place
  }

  async function result(place: Place, view: ViewOf<'result'>, call: Call): Promise<Receipt> {
    const uploaded = await results.upload(view, call)
    const from = results.placeOf(view.jobId) ?? place
    const shown: ShownResult = await anywhere(from, (at) => results.show(at, view, uploaded, call))
    results.forget(view.jobId)
    return receipt(shown.place, shown.files)
  }

  function draw(...[place, view, uploaded = [], shown = 'message']: Parameters<Draw>): ReturnType<Draw> {
    const invite = place.invite ? `/invite @${deps.botName()}` : null
    const drawing = { stamp: deps.newId(), files: uploaded, shown, invite }
    return { full: renderView(view, drawing), short: renderShort(view, drawing) }
  }

  return {
    name: 'slack',
    show: (address, view, call) => show(readAddress(address), view, call),
    pace: (_elapsedMs, live) => Math.max(leastPaceMs, live * paceMs),
    input: (ref: Extract<InputRef, { kind: 'remote' }>) => ({
      picture: files.picture(readFileHandle(ref.at)),
      // Slack's files are never to be had without its token.
      publicUrl: null,
    }),
    picture: (shown, n) => files.picture(readFileHandle(shown.files[n - 1])),
  }
}

function isUnderWay(view: JobView): boolean {
  if (view.kind === 'cancelled') return view.pending
  return view.kind === 'queued' || view.kind === 'preparing' || view.kind === 'running'
}

function messageGone(cause: unknown): AppError {
  return new AppError('delivery_gone', { detail: 'Slack: the message can’t be edited any more', cause })
}

function receipt(place: Place, uploaded: readonly Uploaded[] = []): Receipt {
  return {
    address: toAddress(place),
    messageKey: messageKeyOf(place),
    files: uploaded.map(({ id }) => toFileHandle(id)),
  }
}
