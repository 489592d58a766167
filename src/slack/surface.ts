import { AppError } from '../core/failure.ts'
import type { InputRef, Receipt } from '../core/job.ts'
import { messagesFor } from '../core/messages.ts'
import type { Clock, NewId, ShowCall, Step, Surface } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { readAddress, readFileHandle } from './address.ts'
import { type Course, receiptOf, startCourse } from './course.ts'
import { createEdits } from './edits.ts'
import { faultOf, limited, refusal } from './errors.ts'
import type { Files } from './files.ts'
import { slackLimits } from './limits.ts'
import type { Poster } from './poster.ts'
import type { PublicPictures } from './public-pictures.ts'
import { renderShort, renderView } from './render.ts'
import type { ResponseUrls } from './response-url.ts'
import { createResults, type Draw } from './result.ts'
import { createResultFiles } from './result-files.ts'
import { elsewhere } from './route.ts'
import type { StatusLine } from './status-line.ts'
import type { Workspace } from './tokens.ts'
import type { Uploads } from './upload.ts'

export interface SurfaceDeps {
  readonly poster: Poster
  readonly responses: ResponseUrls
  readonly files: Files
  readonly uploads: Uploads
  readonly publicPictures: PublicPictures
  readonly status: StatusLine
  readonly clock: Clock
  readonly newId: NewId
  readonly step: Step
  /** The bot's name, as it is invited. */
  readonly botName: (workspace: Workspace) => string
}

const leastPaceMs = 3_000
// A workspace has about fifty edits a minute for all its jobs; a fifth of them is left for the outcomes.
const paceMs = (60_000 / slackLimits.editsPerMinute) * 1.25
/** A workspace may allow no edits at all: a second message that can’t be edited is the last one posted to be edited. */
const mostReplaced = 2
/** Progress leaves this many uses of a response URL: one for each way in which it can show a result. */
const keptUses = 3
/** What a response URL posts stays, so there is little of it: at these running times, in milliseconds. */
const respondedProgressMs: readonly number[] = [15_000]

/** Shows jobs in Slack. */
export function createSurface(deps: SurfaceDeps): Surface {
  const { poster, responses, files, status, clock } = deps
  const edits = createEdits(clock)
  const results = createResults({ ...deps, files: createResultFiles(files, deps.uploads), edits, draw })

  async function show(course: Course, view: JobView): Promise<Receipt> {
    if (view.kind === 'result') return result(course, view)
    if (isUnderWay(view)) await progress(course, view)
    else await Promise.all([anywhere(course, () => words(course, view)), status.clear(course.at(), course.call)])
    return receiptOf(course.at())
  }

  /** Tries where the course is, then wherever else the message may go. */
  async function anywhere<T>(course: Course, attempt: (mayEdit: boolean) => Promise<T>): Promise<T> {
    for (let replaced = 0; ; ) {
      try {
        return await attempt(replaced < mostReplaced)
      } catch (error) {
        const { response, message } = course.at()
        const next = elsewhere(course.at(), faultOf(error), response !== null && responses.left(response) > 0)
        if (next === null) throw error
        if (message !== null && next.message === null) replaced += 1
        // What was shared into the thread of a message stays there.
        course.move({ ...next, uploaded: { ...next.uploaded, thread: [] } })
      }
    }
  }

  async function progress(course: Course, view: JobView): Promise<void> {
    const { drawing } = messagesFor(view.locale).labels
    if (course.at().message === null) {
      await anywhere(course, () => opening(course, view))
      // Not waited for: where the message is has to be written down first.
      void status.show(course.at(), drawing, course.call)
    } else await Promise.all([edit(course, view), status.show(course.at(), drawing, course.call)])
  }

  /** One edit of the workspace's budget; none, and this view is dropped, for a newer one follows. */
  async function edit(course: Course, view: JobView): Promise<void> {
    const { team, message } = course.at()
    if (message === null) return
    if (!edits.take(team)) throw limited(leastPaceMs)
    try {
      await poster.edit(course, message, draw(course.at(), view, { by: 'nothing' }), 'never')
    } catch (error) {
      const fault = faultOf(error)
      if (fault === 'limited' && error instanceof AppError) edits.pause(team, error.retryAfterMs ?? leastPaceMs)
      // Only the outcome is worth a second message.
      if (fault === 'gone') throw messageGone(error)
      throw error
    }
  }

  async function opening(course: Course, view: JobView): Promise<void> {
    const place = course.at()
    const draft = draw(place, view, { by: 'nothing' })
    if (place.route !== 'respond') return poster.post(course, draft)
    if (place.response === null) throw refusal('expired_url')
    const left = responses.left(place.response)
    const uses = slackLimits.responseUses - left
    const due = view.kind === 'running' ? respondedProgressMs.filter((ms) => view.elapsedMs >= ms).length : 0
    const wanted = uses === 0 || view.kind === 'cancelled' || uses <= due
    if (wanted && left > keptUses) await poster.respond(course, draft, 'ephemeral')
  }

  async function words(course: Course, view: JobView): Promise<void> {
    const place = course.at()
    const draft = draw(place, view, { by: 'nothing' })
    if (place.route === 'respond') return poster.respond(course, draft, 'ephemeral')
    if (place.message === null) return poster.post(course, draft)
    edits.spend(place.team)
    await poster.edit(course, place.message, draft, 'safely')
  }

  async function result(course: Course, view: ViewOf<'result'>): Promise<Receipt> {
    // While the pictures are uploaded, so that it costs no time.
    const cleared = status.clear(course.at(), course.call)
    const shown = await anywhere(course, (mayEdit) => results.show(course, view, mayEdit))
    await cleared
    return receiptOf({ ...course.at(), uploaded: { message: [], thread: [] } }, shown)
  }

  function draw(...[place, view, shown]: Parameters<Draw>): ReturnType<Draw> {
    const drawing = { stamp: deps.newId(), shown, place, botName: deps.botName(place) }
    return { full: renderView(view, drawing), short: renderShort(view, drawing) }
  }

  return {
    name: 'slack',
    show: async (address, view, call: ShowCall) => show(startCourse(readAddress(address), call), view),
    // `live` counts the jobs of all workspaces; each has a budget of its own.
    pace: (_elapsedMs, live) => Math.max(leastPaceMs, (live / Math.max(1, edits.teams())) * paceMs),
    stale: () => false,
    input: (ref: Extract<InputRef, { kind: 'remote' }>) => source(readFileHandle(ref.at)),
    picture: (shown, n) => source(readFileHandle(shown.files[n - 1])),
  }

  function source({ workspace, file }: ReturnType<typeof readFileHandle>): ReturnType<Surface['picture']> {
    // Slack's files are never to be had without its token.
    return { picture: files.picture(workspace, file), publicUrl: async () => null }
  }
}

function isUnderWay(view: JobView): boolean {
  if (view.kind === 'cancelled') return view.pending
  return view.kind === 'queued' || view.kind === 'preparing' || view.kind === 'running'
}

function messageGone(cause: unknown): AppError {
  return new AppError('delivery_gone', { detail: 'Slack: the message can’t be edited any more', cause })
}
