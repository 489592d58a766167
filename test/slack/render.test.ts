import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureCodes } from '../../src/core/failure.ts'
import type { ImageRequest } from '../../src/core/request.ts'
import type { JobView, Notice, ViewHead, ViewOf } from '../../src/core/view.ts'
import { readButton } from '../../src/slack/action-id.ts'
import { slackLimits } from '../../src/slack/limits.ts'
import { type Drawing, renderNotice, renderShort, renderView, type Shown } from '../../src/slack/render.ts'
import { source } from './pictures.ts'
import { checkBlocks, type Json, pingsIn } from './stand-in/blocks.ts'

const request: ImageRequest = {
  ...{ prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 4, private: false, spoiler: false },
}
const head: ViewHead = {
  ...{ jobId: 'job1', action: 'imagine', request, inputCount: 0, inputNames: [], omitted: [] },
  ...{ person: { id: 'U1', name: 'ann' }, locale: 'en' },
}
const place = { private: false, channel: 'C1', thread: null, route: 'channel', hindrance: null } as const
const drawing: Drawing = { stamp: 's1', shown: { by: 'nothing' }, place, botName: 'imagine' }
const files = Array.from({ length: 4 }, (_, at) => ({ n: at + 1, id: `F00000000${at}`, reduced: at === 0 }))
const shown: Shown = { by: 'message', files }
const url = `https://results.test/${'x'.repeat(400)}?a=1&b=<2>`
const addresses: Shown = { by: 'address', urls: [url, url, url, url] }
const picture = source(Buffer.from('x'), 'image/png')

const views = (parts: ViewHead): JobView[] => [
  { ...parts, kind: 'queued', place: 3 },
  { ...parts, kind: 'preparing' },
  { ...parts, kind: 'running', done: 1, startedAt: 0, elapsedMs: 9_000, remainingMs: null, late: false },
  {
    ...parts,
    ...{ kind: 'result', pictures: [{ n: 1, picture }], credits: 40, tookMs: 5_000 },
    failures: [{ code: 'upstream_failed' }],
  },
  ...failureCodes.map((code): JobView => ({ ...parts, kind: 'failed', failure: { code, detail: 'never shown' } })),
  { ...parts, kind: 'cancelled', credits: 10, pending: true },
  { ...parts, kind: 'cancelled', credits: 0, pending: false },
]

function resultView(): ViewOf<'result'> {
  const result = views(head).find((view) => view.kind === 'result')
  if (result === undefined) throw new Error('no result')
  return result
}

function check(message: { text: string; blocks: readonly object[] }) {
  const checked = checkBlocks(JSON.parse(JSON.stringify(message.blocks)) as Json[])
  expect(checked.problems).toEqual([])
  expect(message.text).not.toBe('')
  expect(message.text.length).toBeLessThanOrEqual(slackLimits.updateText)
  expect(message.blocks.length).toBeLessThanOrEqual(slackLimits.blocks)
  expect(JSON.stringify(message.blocks).length).toBeLessThanOrEqual(slackLimits.blocksText)
  expect([message.text, ...checked.markup].flatMap(pingsIn)).toEqual([])
  expect(checked.seen.lines.join()).not.toContain('[ping')
  expect(JSON.stringify(message)).not.toContain('never shown')
  return checked.seen
}

describe('every view', () => {
  it('is within Slack’s limits and calls nobody, whatever the prompt and the name are', () => {
    const words = fc.oneof(
      fc.string({ minLength: 1, maxLength: 6_000, size: 'max', unit: 'binary' }),
      fc.constantFrom(
        '<!channel>'.repeat(500),
        '&'.repeat(5_000),
        '*_~`<@U1>'.repeat(600),
        '😀'.repeat(2_500),
        '"'.repeat(5_000),
        '\u0007'.repeat(5_000),
        '\ud800'.repeat(5_000),
        '\n'.repeat(5_000),
      ),
    )
    const ways = fc.constantFrom(shown, addresses)
    const hindrances = fc.constantFrom('absent', 'closed', null)
    fc.assert(
      fc.property(
        words,
        words,
        fc.constantFrom(...views(head)),
        ways,
        hindrances,
        (prompt, long, view, by, hindrance) => {
          const name = long.slice(0, 300)
          const own: JobView = {
            ...{ ...view, request: { ...request, prompt }, person: { id: 'U1', name } },
            ...{ inputNames: Array(16).fill(name), omitted: [{ name, why: 'gone' }] },
          }
          const at = { ...place, private: true, thread: '1763800000.000001', hindrance }
          check(renderView(own, { ...drawing, shown: by, place: at }))
          check(renderShort(own, { ...drawing, shown: by, place: at }))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('has the buttons that mean something then', () => {
    const result = ['again', 'edit', 'upgrade', 'variations', 'details', 'erase']
    for (const view of views(head)) {
      const { buttons } = check(renderView(view, { ...drawing, shown }))
      const running = view.kind === 'queued' || view.kind === 'preparing' || view.kind === 'running'
      const expected = running ? ['cancel'] : view.kind === 'result' ? result : []
      expect(buttons.map(({ actionId }) => actionId)).toEqual(expected)
      for (const { actionId, value } of buttons)
        expect(readButton(actionId, value)).toEqual({ action: actionId, jobId: 'job1', from: null })
    }
  })

  it.each([
    [{ private: true }, true, ['share_channel']],
    [{ private: true, thread: '1763800000.000001' }, true, ['share_channel', 'share_thread']],
    [{ private: false, thread: '1763800000.000001' }, false, []],
  ])('offers to share a private result: %j', (where, isPrivate, shares) => {
    const at = { ...place, ...where }
    const { buttons } = check(renderView(resultView(), { ...drawing, shown, place: at }))
    expect(buttons.map(({ actionId }) => actionId).filter((id) => id.startsWith('share'))).toEqual(shares)
    const from = isPrivate ? { channel: 'C1', thread: at.thread } : null
    expect(buttons.map(({ actionId, value }) => readButton(actionId, value)?.from)).toEqual(buttons.map(() => from))
  })

  it('does not offer to share what is shared, and high quality only once', () => {
    const high = { ...request, quality: 'high' } as const
    const shared = { ...resultView(), action: 'share', request: high } as const
    const at = { ...place, private: true, thread: '1763800000.000001' }
    const { buttons, lines } = check(renderView(shared, { ...drawing, shown, place: at }))
    expect(buttons.map(({ actionId }) => actionId)).toEqual(['again', 'edit', 'variations', 'details', 'erase'])
    expect(lines).toContain('Shared by ann')
  })

  it('names the pictures used and those left out', () => {
    const omitted = [{ name: 'notes.txt', why: 'not_a_picture' }] as const
    for (const view of views({ ...head, inputCount: 2, inputNames: ['cat.png', '<!channel>.png'], omitted })) {
      const { lines } = check(renderView(view, { ...drawing, shown }))
      if (view.kind === 'failed') continue
      expect(lines).toContain('Uses cat.png and <!channel>.png.')
      expect(lines).toContain('Not used: notes.txt (not a picture).')
    }
  })

  it('says in a link what it leads to and that it expires', () => {
    const { lines, images } = check(renderView(resultView(), { ...drawing, shown: addresses }))
    expect(images).toEqual([])
    expect(lines.join()).toContain(`[Open 2](${url})`)
    expect(lines.join()).toContain('This link works for a day or more')
  })

  it('has new block ids in each version', () => {
    const [view] = views(head)
    if (view === undefined) throw new Error('no view')
    const ids = (stamp: string) => renderView(view, { ...drawing, stamp }).blocks.map(({ block_id }) => block_id)
    expect(ids('s1').some((id) => ids('s2').includes(id))).toBe(false)
  })

  it('says in a result what is missing and what was made smaller', () => {
    const result = resultView()
    const { lines, images } = check(renderView(result, { ...drawing, shown }))
    expect(lines).toContain(
      '1 of 4 pictures were made. The image service could not make this picture. Try again, or use other words.',
    )
    expect(lines).toContain('Made smaller to fit this chat’s upload limit.')
    expect(images).toHaveLength(4)
  })

  it('names nobody by an id', () => {
    const [view] = views({ ...head, person: { id: 'U1', name: 'U1' } })
    if (view === undefined) throw new Error('no view')
    expect(check(renderView(view, drawing)).lines).toEqual(['a fox', 'In line, number 3…'])
  })
})

describe('every notice', () => {
  it('is within Slack’s limits and calls nobody, whatever was typed', () => {
    const typed = fc.constantFrom('<!channel>', '<@U1>', '*bold*', '&amp;', 'x'.repeat(4_000), 'ordinary')
    fc.assert(
      fc.property(typed, (value) => {
        const notices: Notice[] = [
          { kind: 'help' },
          { kind: 'failure', failure: { code: 'day_spent', detail: 'never shown' } },
          { kind: 'cancel', answer: 'not_yours' },
          {
            kind: 'problems',
            problems: [
              { kind: 'unknown_flag', flag: value },
              { kind: 'flag_value_unknown', flag: value, value, allowed: ['1', '2'] },
              { kind: 'not_a_picture', name: value },
            ],
          },
        ]
        for (const notice of notices) {
          const { lines } = check(renderNotice(notice, 'en', '/imagine'))
          if (notice.kind === 'problems') expect(lines.join()).toContain(value.slice(0, 50))
        }
      }),
    )
  })
})
