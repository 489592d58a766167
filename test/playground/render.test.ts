import { expect, test } from 'vitest'
import type { Job, Task } from '../../src/core/job.ts'
import { messagesFor, noticeWords } from '../../src/core/messages.ts'
import type { ImageRequest } from '../../src/core/request.ts'
import { headOf, type JobView } from '../../src/core/view.ts'
import { heldPicture } from '../../src/media/picture.ts'
import { toAddress } from '../../src/playground/address.ts'
import { commandFor } from '../../src/playground/commands.ts'
import { shownBefore } from '../../src/playground/history.ts'
import { resultId, uploadId } from '../../src/playground/picture-id.ts'
import { renderAnswer, renderMessage } from '../../src/playground/render.ts'
import { createMemoryShelf } from './memory-shelf.ts'
import { heldPng } from './pictures.ts'

const en = messagesFor('en')
const request: ImageRequest = {
  ...{ prompt: 'a fox in the snow', aspectRatio: '3:2', quality: 'high', count: 2, private: false, spoiler: false },
}
const address = toAddress('message-1')
const job: Job = {
  ...{ id: 'job1', surface: 'playground', workspace: 'local', channel: 'local', person: { id: 'you', name: 'You' } },
  ...{ locale: 'en', action: 'imagine', parentId: null, request, inputs: [], acceptedAt: 1000, cancelledAt: null },
  ...{ omitted: [], address, tasks: [], state: 'accepted', receipt: null, ready: null },
}
const head = headOf(job)
const picture = heldPicture(heldPng())
const files = [resultId('job1', 1), resultId('job1', 2)]
const result: JobView = {
  ...head,
  kind: 'result',
  pictures: [
    { n: 1, picture },
    { n: 2, picture },
  ],
  failures: [],
  credits: 56,
  tookMs: 5400,
}
const answer = (view: JobView, shown: readonly string[] = []) => renderAnswer({ view, files: shown }, en)

test('the person’s half: words, what is not the default, pictures', () => {
  const inputs = [
    { kind: 'result', name: '1', jobId: 'job0', n: 1 },
    { kind: 'remote', name: '<b>.png', at: uploadId('u1') },
  ] as const
  const shown = { view: { ...head, kind: 'queued', place: null }, files: [] } as const
  expect(renderMessage({ ...job, inputs }, shown, en)).toMatchObject({
    id: 'job1',
    messageId: 'message-1',
    at: 1000,
    asked: {
      prompt: 'a fox in the snow',
      options: ['3:2 landscape', 'High (28 credits)', '× 2'],
      pictures: [
        { src: '/playground/pictures/playground-out-job0-1', name: '' },
        { src: '/playground/pictures/playground-in-u1', name: '<b>.png' },
      ],
      reply: true,
    },
  })
  const plain = { ...job, request: { ...request, aspectRatio: '1:1', quality: 'medium', count: 1 } } as const
  expect(renderMessage(plain, shown, en).asked.options).toEqual([])
})

test('while it waits and runs it can be cancelled, and says where it is', () => {
  expect(answer({ ...head, kind: 'queued', place: 3 })).toEqual({
    ...{ state: 'queued', ratio: '3:2', count: 2, line: en.queued(3), note: null },
    ...{ progress: null, pictures: [], cancellable: true },
  })
  expect(answer({ ...head, inputCount: 2, kind: 'preparing' }).line).toBe(en.preparing(2))
  const running = {
    ...head,
    kind: 'running',
    done: 1,
    startedAt: 0,
    elapsedMs: 3000,
    remainingMs: 5000,
    late: false,
  } as const
  expect(answer(running)).toMatchObject({
    line: en.running({ done: 1, total: 2, elapsedMs: 3000, remainingMs: 5000, late: false }),
    progress: 3 / 8,
    cancellable: true,
  })
  expect(answer({ ...running, remainingMs: null, late: false }).progress).toBeNull()
  expect(answer({ ...running, elapsedMs: 0, remainingMs: 0, late: false }).progress).toBe(0)
})

test('a result: its line, each picture with its words, and a name for the file', () => {
  expect(answer(result, files)).toEqual({
    ...{ state: 'result', ratio: '3:2', count: 2, note: null, progress: null, cancellable: false },
    line: en.made({ ratio: '3:2', quality: 'high', credits: 56, tookMs: 5400, edited: false }),
    pictures: [1, 2].map((n) => ({
      n,
      src: `/playground/pictures/playground-out-job1-${n}`,
      download: `/playground/pictures/playground-out-job1-${n}?name=a-fox-in-the-snow-${n}`,
      alt: 'Picture: a fox in the snow',
    })),
  })
})

test('a partial failure says how many and why', () => {
  const failure = { code: 'content_rejected' } as const
  const partial = { ...result, pictures: [{ n: 2, picture }], failures: [failure] } as const
  expect(answer(partial, files.slice(0, 1)).note).toBe(en.partly(1, 2, failure))
})

test.each([
  ['../../etc/passwd', 'etc-passwd'],
  ['лиса в снегу', 'лиса-в-снегу'],
  ['"<b>x</b>"\r\nset-cookie: a=b', 'b-x-b-set-cookie-a-b'],
  ['🦊🦊🦊', 'picture'],
  ['one two three four five six seven eight nine', 'one-two-three-four-five-six-seven-eight'],
])('the file of %j is called %j', (prompt, name) => {
  const one = { ...result, request: { ...request, prompt, count: 1 } }
  const [shown] = answer(one, files.slice(0, 1)).pictures
  expect(shown?.download).toBe(`${shown?.src}?name=${encodeURIComponent(name)}`)
})

test('failed and cancelled end with words and nothing to press', () => {
  expect(answer({ ...head, kind: 'failed', failure: { code: 'content_rejected', detail: 'raw' } })).toMatchObject({
    ...{ state: 'failed', line: en.failed({ code: 'content_rejected' }), cancellable: false, pictures: [] },
  })
  expect(answer({ ...head, kind: 'cancelled', credits: 28, pending: true }).line).toBe(en.cancelled(28, true))
})

test('notices: a line each, with other people’s text marked as such', () => {
  const flag = { kind: 'unknown_flag', flag: '--<b>' } as const
  expect(noticeWords({ kind: 'problems', problems: [flag, { kind: 'prompt_missing' }] }, en, '/imagine')).toEqual([
    en.problem(flag),
    en.problem({ kind: 'prompt_missing' }),
  ])
  expect(noticeWords({ kind: 'cancel', answer: 'finished' }, en, '/imagine')).toEqual([[en.cancelAnswer('finished')]])
  expect(noticeWords({ kind: 'failure', failure: { code: 'day_spent' } }, en, '/imagine')).toHaveLength(1)
  expect(noticeWords({ kind: 'help' }, en, '/imagine').flat().join('\n')).toContain('/imagine a fox')
})

test('completion offers every flag that the text syntax has a value for', () => {
  const { name, flags } = commandFor(en)
  expect(name).toBe('/imagine')
  expect(flags.map((flag) => [flag.name, flag.values.map(({ value }) => value)])).toEqual([
    ['--ar', ['1:1', '2:3', '3:2']],
    ['--quality', ['medium', 'high']],
    ['--hq', []],
    ['--count', ['1', '2', '3', '4']],
  ])
})

// ---------------------------------------------------------------- jobs of an earlier process

const shelf = createMemoryShelf({ now: () => 0 })
const completed = (n: number): Task => ({
  ...{ n, state: 'completed', submittedAt: 2000, taskId: `t${n}`, urls: ['https://x.test/1'], endedAt: 9000 },
})
const receipt = { address, messageKey: 'message-1', files }
const past = (change: Partial<Extract<Job, { state: 'delivered' }>>): Job => ({
  ...job,
  ...{ state: 'delivered', receipt, endedAt: 9500, tasks: [completed(1), completed(2)], ...change },
})

test('a live job is in line until its surface says more', () => {
  expect(shownBefore(job, shelf)).toMatchObject({ view: { kind: 'queued', place: null }, files: [] })
})

test('a delivered job shows the pictures of its receipt', async () => {
  const shown = shownBefore(past({}), shelf)
  expect(shown).toMatchObject({ view: { kind: 'result', credits: 56, tookMs: 8000 }, files })
  async function* bytes() {
    yield new Uint8Array([7])
  }
  await shelf.put(files[1] ?? '', 'image/png', bytes(), 1000)
  if (shown.view.kind !== 'result') throw new Error('no result')
  const opened = await shown.view.pictures[1]?.picture.open(new AbortController().signal)
  expect(opened).toMatchObject({ type: 'image/png', size: 1 })
})

test('made but never shown, failed, cancelled and abandoned each keep their words', () => {
  const none = { ...receipt, files: [] }
  expect(shownBefore(past({ receipt: none }), shelf).view).toMatchObject({ failure: { code: 'result_gone' } })
  const failed: Task = { n: 1, state: 'failed', failure: { code: 'upstream_failed' }, endedAt: 9000 }
  expect(shownBefore(past({ receipt: none, tasks: [failed] }), shelf).view).toMatchObject({
    ...{ kind: 'failed', failure: { code: 'upstream_failed' } },
  })
  expect(shownBefore(past({ receipt: none, cancelledAt: 8000 }), shelf).view).toMatchObject({
    ...{ kind: 'cancelled', credits: 56 },
  })
  const abandoned: Job = { ...job, state: 'abandoned', failure: { code: 'delivery_gone' }, endedAt: 9500 }
  expect(shownBefore(abandoned, shelf).view).toMatchObject({ kind: 'failed', failure: { code: 'delivery_gone' } })
})
