import type { Clock, Step } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import type { Place, Uploaded } from './address.ts'
import type { Course } from './course.ts'
import type { Edits } from './edits.ts'
import { faultOf, isUnreadyFile, refusal } from './errors.ts'
import type { Draft, Poster } from './poster.ts'
import type { PublicPictures } from './public-pictures.ts'
import type { Shown } from './render.ts'
import type { ResponseUrls } from './response-url.ts'
import type { ResultFiles } from './result-files.ts'

/** Brings the pictures of a result into its message, by the first way that Slack takes. */
export interface Results {
  /**
   * Shows them where the course is; gives the files that are then at Slack. `mayEdit`: false where messages turned out
   * not to be editable, so that a new one is posted with the pictures in it.
   */
  show(course: Course, view: ViewOf<'result'>, mayEdit: boolean): Promise<readonly Uploaded[]>
}

/** Makes the message of a view at a place. */
export type Draw = (place: Place, view: JobView, shown: Shown) => Draft

export interface ResultDeps {
  readonly poster: Poster
  readonly responses: ResponseUrls
  readonly files: ResultFiles
  readonly publicPictures: PublicPictures
  readonly edits: Edits
  readonly clock: Clock
  readonly step: Step
  readonly draw: Draw
}

/** In the message; in its thread; as pictures that Slack fetches from us; as links of the image API. */
const ways = ['message', 'thread', 'picture', 'address'] as const
type Way = (typeof ways)[number]

/** How often, and how long apart in milliseconds, a message is sent again whose picture Slack can't show yet. */
const tries: Readonly<Record<Way, number>> = { message: 6, thread: 1, picture: 2, address: 1 }
const unreadyMs = 1_000

export function createResults(deps: ResultDeps): Results {
  const { poster, responses, files, publicPictures, edits, clock, draw } = deps

  async function show(course: Course, view: ViewOf<'result'>, mayEdit: boolean): Promise<readonly Uploaded[]> {
    if (mayEdit && course.at().route !== 'respond') await withMessage(course, view)
    let last: unknown = null
    for (const way of ways) {
      const { message, uploaded } = course.at()
      if (way === 'thread' && message === null) continue
      // They stand in the thread already.
      if (way === 'message' && uploaded.thread.length > 0) continue
      if (way === 'thread' && takesNoFiles(last)) continue
      let isReady = false
      try {
        const shown = await prepared(way, course, view)
        if (shown === null) continue
        isReady = true
        await patiently(course, way, () => send(course, view, shown))
        return course.at().uploaded[way === 'thread' ? 'thread' : 'message']
      } catch (error) {
        if (!leadsOn(error, way, isReady)) throw error
        last = error
      }
    }
    // A direct message has other ways than a response URL.
    throw course.at().route === 'respond' ? refusal('expired_url', { cause: last }) : last
  }

  /** A new message is first words, and stored: if we stop in between, no picture is shown twice. */
  async function withMessage(course: Course, view: ViewOf<'result'>): Promise<void> {
    if (course.at().message !== null) return
    await poster.post(course, draw(course.at(), { ...view, kind: 'queued', place: null }, { by: 'nothing' }))
    await course.keep(course.at())
  }

  /** Null where there is no such way. */
  async function prepared(way: Way, course: Course, view: ViewOf<'result'>): Promise<Shown | null> {
    switch (way) {
      case 'message': {
        const uploaded = await files.upload(course, view)
        await deps.step('uploading', view.jobId)
        return { by: way, files: uploaded }
      }
      case 'thread':
        return { by: way, files: await files.share(course, view) }
      case 'picture': {
        const urls = await publicPictures.own(view, course.call)
        return urls === null ? null : { by: way, urls }
      }
      case 'address': {
        const urls = publicPictures.upstream(view)
        return urls === null ? null : { by: way, urls }
      }
    }
  }

  async function send(course: Course, view: ViewOf<'result'>, shown: Shown): Promise<void> {
    const place = course.at()
    const draft = draw(place, view, shown)
    if (place.route === 'respond') return poster.respond(course, draft, place.private ? 'ephemeral' : 'in_channel')
    if (place.message === null) return poster.post(course, draft)
    edits.spend(place.team)
    await poster.edit(course, place.message, draft, 'safely')
  }

  /** Sends again while Slack says that a picture in the message is not ready. */
  async function patiently(course: Course, way: Way, attempt: () => Promise<void>): Promise<void> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!isUnreadyFile(error) || attempts >= tries[way] || !maySpare(course, way)) throw error
        await clock.sleep(unreadyMs, course.call.signal)
      }
    }
  }

  /** Whether the uses of a response URL allow another try, and the ways after it theirs. */
  function maySpare(course: Course, way: Way): boolean {
    const { route, response } = course.at()
    if (route !== 'respond') return true
    const waysAfter = ways.slice(ways.indexOf(way) + 1).filter((next) => next !== 'thread').length
    return response !== null && responses.left(response) > waysAfter
  }

  return { show }
}

/** Whether it is no use to try the other way of uploading. */
function takesNoFiles(error: unknown): boolean {
  const fault = faultOf(error)
  return fault === 'upload_refused' || fault === 'scope'
}

/** Whether a refusal is about this way of showing pictures, and another may be taken. `isReady`: they were uploaded. */
function leadsOn(error: unknown, way: Way, isReady: boolean): boolean {
  switch (faultOf(error)) {
    case 'unfit':
    case 'upload_refused':
    case 'file_gone':
    case 'scope':
      return true
    case 'unknown':
      return !isReady
    case 'absent':
    case 'closed':
    case 'threadless':
      // Posting in a public channel without joining it is allowed, uploading to it is not.
      return way === 'thread'
    default:
      return false
  }
}
