import type { ViewOf } from '../core/view.ts'
import type { Place, Uploaded } from './address.ts'
import type { Course } from './course.ts'
import { refusal } from './errors.ts'
import type { Files } from './files.ts'
import { altOf } from './render.ts'
import type { Uploads } from './upload.ts'

/** The pictures of a result as files at Slack: each is uploaded once, however often showing it is tried. */
export interface ResultFiles {
  /** Files that only the bot sees until a message shows them, as ready as Slack will have them. */
  upload(course: Course, view: ViewOf<'result'>): Promise<readonly Uploaded[]>
  /** Files in the thread of the job's message. */
  share(course: Course, view: ViewOf<'result'>): Promise<readonly Uploaded[]>
}

type Shelf = keyof Place['uploaded']

export function createResultFiles(files: Files, uploads: Uploads): ResultFiles {
  async function upload(course: Course, view: ViewOf<'result'>): Promise<readonly Uploaded[]> {
    const { uploaded } = course.at()
    const known = await kept(uploaded.message, (id) => files.exists(course.at(), id, course.call))
    const placed = await place(course, view, known)
    await store(course, 'message', [...known, ...placed])
    if (placed.length > 0) await uploads.complete(course.at(), idsOf(placed), null, course.call)
    const all = course.at().uploaded.message
    await Promise.all(all.map(({ id }) => files.ready(course.at(), id, course.call)))
    return all
  }

  async function share(course: Course, view: ViewOf<'result'>): Promise<readonly Uploaded[]> {
    const { message, uploaded } = course.at()
    if (message === null) throw refusal('message_not_found')
    const { channel, ts, thread } = message
    const isShared = (id: string) => files.shared(course.at(), id, channel, course.call)
    const known = await kept(uploaded.thread, isShared)
    const gone = uploaded.thread.filter(({ id }) => !idsOf(known).includes(id))
    // It may yet appear, and then it would stand there twice.
    await Promise.all(gone.map(({ id }) => files.remove(course.at(), id, course.call)))
    const placed = await place(course, view, known)
    await store(course, 'thread', [...known, ...placed])
    if (placed.length > 0) {
      await uploads.complete(course.at(), idsOf(placed), { channel, thread: thread ?? ts }, course.call)
      const shared = await Promise.all(idsOf(placed).map(isShared))
      // Slack's "ok" is no promise that it was shared.
      if (shared.includes(false)) throw refusal('posting_to_channel_denied')
    }
    // Nobody sees those that were for the message: a tidiness that may fail.
    await Promise.allSettled(uploaded.message.map(({ id }) => files.remove(course.at(), id, course.call)))
    return course.at().uploaded.thread
  }

  /** Gives Slack the bytes of what is not there yet. What is placed and never completed is no file, and vanishes. */
  async function place(course: Course, view: ViewOf<'result'>, known: readonly Uploaded[]): Promise<Uploaded[]> {
    const missing = view.pictures.filter(({ n }) => !known.some((file) => file.n === n))
    const alt = altOf(view)
    const ends = await Promise.allSettled(
      missing.map(async ({ n, picture }): Promise<Uploaded> => {
        const order = { picture, name: `imagine-${n}`, alt }
        return { n, ...(await uploads.place(course.at(), order, course.call)) }
      }),
    )
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason
      return end.value
    })
  }

  /** Written down before they become files, so that no crash makes them twice. */
  async function store(course: Course, shelf: Shelf, list: readonly Uploaded[]): Promise<void> {
    const place = course.at()
    const sorted = list.toSorted((one, other) => one.n - other.n)
    if (JSON.stringify(sorted) === JSON.stringify(place.uploaded[shelf])) return
    await course.keep({ ...place, uploaded: { ...place.uploaded, [shelf]: sorted } })
  }

  return { upload, share }
}

/** Those of an earlier try that are still good. */
async function kept(list: readonly Uploaded[], good: (id: string) => Promise<boolean>): Promise<readonly Uploaded[]> {
  const answers = await Promise.all(list.map(({ id }) => good(id)))
  return list.filter((_, at) => answers[at])
}

function idsOf(list: readonly Uploaded[]): readonly string[] {
  return list.map(({ id }) => id)
}
