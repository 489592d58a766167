import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureCodes } from '../../src/core/failure.ts'
import type { JobView, Notice, ViewHead } from '../../src/core/view.ts'
import { slackLimits } from '../../src/slack/limits.ts'
import { type Drawing, readButton, renderNotice, renderShort, renderView } from '../../src/slack/render.ts'
import { source } from './pictures.ts'
import { checkBlocks, type Json, pingsIn } from './stand-in/blocks.ts'

const request = { prompt: 'a fox', aspectRatio: '1:1', quality: 'medium', count: 4, private: false } as const
const head: ViewHead = { jobId: 'job1', request, inputCount: 0, person: { id: 'U1', name: 'ann' }, locale: 'en' }
const drawing: Drawing = { stamp: 's1', files: [], shown: 'message', invite: null }
const files = Array.from({ length: 4 }, (_, at) => ({ id: `F00000000${at}`, reduced: at === 0 }))
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
    fc.assert(
      fc.property(words, words, fc.constantFrom(...views(head)), (prompt, name, view) => {
        const own = { ...view, request: { ...request, prompt }, person: { id: 'U1', name: name.slice(0, 300) } }
        check(renderView(own, { ...drawing, files, invite: '/invite @imagine' }))
        check(renderShort(own, { ...drawing, files }))
      }),
      { numRuns: 60 },
    )
  })

  it('shows a cancel button only while there is something to cancel', () => {
    for (const view of views(head)) {
      const { buttons } = check(renderView(view, { ...drawing, files }))
      const running = view.kind === 'queued' || view.kind === 'preparing' || view.kind === 'running'
      expect(buttons.map(({ actionId }) => actionId)).toEqual(running ? ['cancel'] : [])
    }
  })

  it('has new block ids in each version', () => {
    const [view] = views(head)
    if (view === undefined) throw new Error('no view')
    const ids = (stamp: string) => renderView(view, { ...drawing, stamp }).blocks.map(({ block_id }) => block_id)
    expect(ids('s1').some((id) => ids('s2').includes(id))).toBe(false)
  })

  it('says in a result what is missing and what was made smaller', () => {
    const result = views(head).find(({ kind }) => kind === 'result')
    if (result === undefined) throw new Error('no result')
    const { lines, images } = check(renderView(result, { ...drawing, files }))
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

describe('a button’s value', () => {
  it.each([
    ['cancel', 'a1:job1', { cancel: 'job1' }],
    ['cancel', 'a1:', null],
    ['cancel', 'a2:job1', null],
    ['cancel', 'a1:JOB/../1', null],
    ['cancel', undefined, null],
    ['again', 'a1:job1', null],
  ])('%s %s is read as %j', (actionId, value, meant) => {
    expect(readButton(actionId, value)).toEqual(meant)
  })
})
