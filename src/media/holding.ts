import { createSlots } from './slots.ts'

/** Room in memory for what an upload can't stream: pictures of unknown length, and those that are encoded anew. */
export interface Holding {
  /** Waits for the room, once for all of the upload's pictures. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<void>
  /** Gives it back: when the upload is over, whatever became of it. */
  leave(): void
}

// Uploads at once in the whole process. A room for each picture could lock up: all taken by halves of uploads.
const rooms = createSlots(4)

export function createHolding(): Holding {
  let room: Promise<() => void> | null = null
  return {
    enter: async (signal) => {
      room ??= rooms.take(signal)
      await room
    },
    leave: () => {
      room?.then(
        (give) => give(),
        // It was never had.
        () => undefined,
      )
      room = null
    },
  }
}
