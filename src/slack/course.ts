import type { Receipt } from '../core/job.ts'
import type { ShowCall } from '../core/ports.ts'
import { messageKeyOf, type Place, toAddress, toFileHandle, type Uploaded } from './address.ts'

/** One showing of a job, from the place where it began to the place where its message then is. */
export interface Course {
  readonly call: ShowCall
  at(): Place
  /** Goes on from another place. */
  move(place: Place): void
  /** Goes on from another place, which a crash must not forget. */
  keep(place: Place): Promise<void>
}

export function startCourse(start: Place, call: ShowCall): Course {
  let place = start
  const move = (next: Place) => {
    place = next
  }
  return {
    call,
    at: () => place,
    move,
    keep: async (next) => {
      move(next)
      await call.keep(receiptOf(next))
    },
  }
}

/** What the core stores of a place, and of the pictures shown there. */
export function receiptOf(place: Place, shown: readonly Uploaded[] = []): Receipt {
  return {
    address: toAddress(place),
    messageKey: messageKeyOf(place),
    files: shown.map(({ id }) => toFileHandle(place, id)),
  }
}
