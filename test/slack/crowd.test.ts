import { expect, it } from 'vitest'
import { AppError, failureOf, isPassing } from '../../src/core/failure.ts'
import { type Harness, startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

it('fifty at once in a channel that takes one post a second: each has its one message and its picture', async () => {
  await using h = await startHarness({ looks: 1 })
  const { slack, studio, clock } = h
  slack.limit(clock.now)
  const general = slack.channel('public', ['U0ANN'])
  await Promise.all(
    Array.from({ length: 50 }, (_, at) => slack.command({ user: 'U0ANN', channel: general, text: `fox ${at}` })),
  )
  const bytes = await draw('png')
  const startedAt = clock.now()
  let over = false
  const showing = Promise.all(
    studio.jobs().map(async ({ id }) => {
      await persistently(h, () => studio.progress(id))
      await persistently(h, () => studio.deliver(id, [source(bytes, 'image/png')]))
    }),
  ).finally(() => {
    over = true
  })
  showing.catch(() => undefined)
  await h.until('all are shown', () => over, 500)
  await showing
  // Fifty posts take as many seconds, and fifty edits a minute.
  expect(clock.now() - startedAt).toBeLessThan(150_000)
  expect(slack.messages(general).map(({ images }) => images.length)).toEqual(Array.from({ length: 50 }, () => 1))
  expect(slack.uploads()).toHaveLength(50)
})

/** Tries again as the core does: what passes, as late as it is asked to, twenty times. */
async function persistently<T>(h: Harness, show: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await show()
    } catch (error) {
      if (!isPassing(failureOf(error).code) || tries === 20) throw error
      const asked = error instanceof AppError ? error.retryAfterMs : undefined
      await h.clock.sleep(asked ?? 1_000, new AbortController().signal)
    }
  }
}
