import { describe, expect, test } from 'vitest'
import type { PictureType } from '../../src/core/job.ts'
import type { Picture } from '../../src/core/ports.ts'
import { requestSchema } from '../../src/core/request.ts'
import type { JobView, ViewHead } from '../../src/core/view.ts'
import { readCustomId } from '../../src/discord/custom-id.ts'
import { renderJob, renderNotice } from '../../src/discord/render.ts'
import { readMarkdown } from './markdown.ts'
import { messageProblems } from './rules.ts'

const jobId = '0123456789abcdef0123456789abcdef'

function head(prompt = 'a fox in the snow', more: Partial<ViewHead> = {}): ViewHead {
  return {
    jobId,
    action: 'imagine',
    request: requestSchema.parse({ prompt }),
    inputCount: 0,
    inputNames: [],
    omitted: [],
    person: { id: '1', name: 'Ann' },
    locale: 'en-US',
    ...more,
  }
}

function picture(type: PictureType = 'image/png'): Picture {
  return { open: async () => ({ type, size: 0, body: (async function* () {})() }) }
}

function result(given: ViewHead, count = 1): JobView {
  return {
    ...given,
    kind: 'result',
    pictures: [
      { n: 1, picture: picture() },
      ...Array.from({ length: count - 1 }, (_, i) => ({ n: i + 2, picture: picture() })),
    ],
    failures: [],
    credits: 10 * count,
    tookMs: 34_000,
  }
}

const views: readonly JobView[] = [
  { ...head(), kind: 'queued', place: null },
  { ...head(), kind: 'queued', place: 3 },
  { ...head(), kind: 'preparing' },
  { ...head(), kind: 'running', done: 0, startedAt: 0, elapsedMs: 12_000, remainingMs: 30_000, late: false },
  { ...head(), kind: 'running', done: 0, startedAt: 0, elapsedMs: 99_000, remainingMs: null, late: false },
  result(head()),
  { ...head(), kind: 'failed', failure: { code: 'content_rejected' } },
  { ...head(), kind: 'cancelled', credits: 0, pending: false },
]

function seen(view: JobView): string {
  return readMarkdown(renderJob(view).content).text
}

describe('every view', () => {
  test.each(views.map((view) => [view.kind, view] as const))(
    '%s is a message that Discord takes and that pings nobody',
    (_, view) => {
      const body = renderJob(view)
      const context = { files: new Map<number, string>(), existing: new Set<string>(), isEdit: true, flags: 0 }
      expect(messageProblems(body, context)).toEqual([])
      expect(body.content.split('\n')[0]).toBe('> a fox in the snow')
    },
  )

  test('says where it stands', () => {
    expect(views.map(seen)).toEqual([
      'a fox in the snow\nIn line…',
      'a fox in the snow\nIn line, number 3…',
      'a fox in the snow\nReading your pictures…',
      'a fox in the snow\nDrawing, 12 s so far, about 30 s to go…\n▰▰▰▱▱▱▱▱▱▱▱▱',
      'a fox in the snow\nDrawing, 99 s so far. This one takes longer than usual…',
      'a fox in the snow\nMade in 34 s · 1:1 square · medium quality · 10 credits · Asked by Ann',
      'a fox in the snow\nThe image service declined this request because of its content rules. Try other words.\nAsked by Ann',
      'a fox in the snow\nCancelled. Nothing was charged.\nAsked by Ann',
    ])
  })

  test('has a bar that grows with time and is never full', () => {
    const bar = (elapsedMs: number, remainingMs: number | null) =>
      seen({ ...head(), kind: 'running', done: 0, startedAt: 0, elapsedMs, remainingMs, late: false }).match(
        /[▰▱]+/,
      )?.[0]
    expect([bar(0, 10_000), bar(5_000, 5_000), bar(10_000, 0), bar(0, 0)]).toEqual([
      '▱'.repeat(12),
      '▰▰▰▰▰▰▱▱▱▱▱▱',
      `${'▰'.repeat(11)}▱`,
      '▱'.repeat(12),
    ])
    expect(bar(90_000, null)).toBeUndefined()
  })

  test('has a Cancel button with its whole state while it runs', () => {
    expect(renderJob({ ...head(), kind: 'preparing' }).components).toEqual([
      { type: 1, components: [{ type: 2, style: 2, label: 'Cancel', custom_id: `a1:cancel:${jobId}` }] },
    ])
  })
})

describe('a result', () => {
  test('describes its pictures for those who do not see them', () => {
    const files = { names: ['a.png', 'b.png'], reduced: false }
    const { attachments } = renderJob(result(head('a **fox**'), 2), { files })
    expect(attachments).toEqual([
      { id: 0, filename: 'a.png', description: 'Picture: a **fox**' },
      { id: 1, filename: 'b.png', description: 'Picture: a **fox**' },
    ])
  })

  test('cuts the description at what Discord takes', () => {
    const { attachments } = renderJob(result(head('🦊'.repeat(2_000))), { files: { names: ['a.png'], reduced: false } })
    const description = attachments?.[0]?.description ?? ''
    expect(description.length).toBeLessThanOrEqual(1024)
    expect(description.isWellFormed()).toBe(true)
    expect(description.endsWith('🦊…')).toBe(true)
  })

  test('says what is missing and what was made smaller', () => {
    const view: JobView = {
      ...head(),
      kind: 'result',
      pictures: [{ n: 2, picture: picture() }],
      failures: [{ code: 'timed_out' }],
      credits: 10,
      tookMs: 1_000,
    }
    expect(
      readMarkdown(renderJob(view, { files: { names: ['a.png'], reduced: true } }).content).text.split('\n'),
    ).toEqual([
      'a fox in the snow',
      '1 of 2 pictures were made. The image service took too long. Ask again.',
      'Made smaller to fit this chat’s upload limit.',
      'Made in 1 s · 1:1 square · medium quality · 10 credits · Asked by Ann',
    ])
  })
})

describe('the pictures handed in', () => {
  const edit = head('make it night', {
    ...{ action: 'edit', inputCount: 2, inputNames: ['cat_1.png', '**dog**.jpg'] },
    omitted: [
      { name: 'notes.txt', why: 'not_a_picture' },
      { name: `${'x'.repeat(80)}.png`, why: 'too_large' },
    ],
  })
  const lines = [
    'Uses cat_1.png and **dog**.jpg.',
    `Not used: notes.txt (not a picture), ${'x'.repeat(39)}… (larger than 20 MB).`,
  ]

  test('are named in the answer, and those left out, from the first moment on', () => {
    for (const view of [
      { ...edit, kind: 'queued', place: 1 },
      { ...edit, kind: 'preparing' },
      result(edit),
    ] satisfies JobView[]) {
      const { text, constructs } = readMarkdown(renderJob(view).content)
      expect(text.split('\n').slice(-2)).toEqual(lines)
      expect(constructs.every((one) => one.startsWith('line:'))).toBe(true)
    }
  })

  test('of many and long names never push the result’s own line out', () => {
    const names = Array.from({ length: 16 }, (_, i) => `${'_'.repeat(90)}${i}.png`)
    const omitted = Array.from({ length: 20 }, () => ({ name: '*'.repeat(90), why: 'too_many' as const }))
    const many = head('*'.repeat(5_000), { action: 'edit', inputCount: 16, inputNames: names, omitted })
    const { content } = renderJob(result(many))
    expect(content.length).toBeLessThanOrEqual(2000)
    expect(readMarkdown(content).text).toContain('Edited in 34 s')
    expect(readMarkdown(content).text.startsWith('*'.repeat(40))).toBe(true)
  })
})

describe('the buttons', () => {
  const labels = (view: JobView, showing = {}) =>
    renderJob(view, showing).components.map(({ components }) =>
      components.map((one) => ('label' in one ? one.label : '')),
    )
  const high = head('a fox', { request: requestSchema.parse({ prompt: 'a fox', quality: 'high' }) })

  test('of a result are all that can be done with it', () => {
    expect(labels(result(head()))).toEqual([
      ['Again', 'Edit…', 'Variations', 'High quality'],
      ['Details', 'Delete'],
    ])
    expect(labels(result(high))[0]).toEqual(['Again', 'Edit…', 'Variations'])
    expect(labels(result(head()), { shareable: true })[1]).toEqual(['Details', 'Share', 'Delete'])
  })

  test('hold their whole state', () => {
    const ids = renderJob(result(head()), { shareable: true }).components.flatMap(({ components }) =>
      components.map(({ custom_id }) => custom_id),
    )
    const actions = ['again', 'edit', 'variations', 'upgrade', 'details', 'share', 'erase']
    expect(ids).toEqual(actions.map((action) => `a1:${action}:${jobId}`))
    expect(ids.map(readCustomId)).toEqual(actions.map((action) => ({ action, jobId })))
  })

  test.each(['a2:again:1', 'a1:explode:1', 'a1:again:', 'a1:again:A', `a1:again:${'a'.repeat(33)}`, 'again', ''])(
    'that this version does not know (%s) are none',
    (customId) => {
      expect(readCustomId(customId)).toBeNull()
    },
  )

  test('of other ends offer what still makes sense', () => {
    expect(labels({ ...head(), kind: 'failed', failure: { code: 'timed_out' } })).toEqual([
      ['Again', 'Details', 'Delete'],
    ])
    expect(labels({ ...head(), kind: 'cancelled', credits: 0, pending: false })).toEqual([['Again', 'Delete']])
    expect(labels({ ...head(), kind: 'cancelled', credits: 10, pending: true })).toEqual([])
  })

  test('say beforehand when the message will be out of reach', () => {
    const view: JobView = { ...head(), kind: 'queued', place: 3 }
    expect(labels(view, { ending: true })).toEqual([['Show result', 'Cancel']])
    expect(readMarkdown(renderJob(view, { ending: true }).content).text).toContain(
      'Press Show result to see how far it is.',
    )
  })
})

describe('a share', () => {
  const share = head('a fox', { action: 'share', inputCount: 1, inputNames: ['cat.png'] })

  test('names who shares it', () => {
    const { text } = readMarkdown(renderJob(result(share)).content)
    expect(text).toBe('a fox\nEdited in 34 s · 1:1 square · medium quality · 10 credits · Shared by Ann')
  })

  test('for oneself is only asked for', () => {
    const own = { ...share, request: { ...share.request, private: true } }
    expect(readMarkdown(renderJob(result(own)).content).text).toContain('Asked by Ann')
  })

  test('has no place in the line, and nothing to cancel or to pay again', () => {
    const view: JobView = { ...share, kind: 'queued', place: null }
    expect(seen(view)).toBe('a fox\nSharing…')
    expect(renderJob(view).components).toEqual([])
    expect(
      renderJob({ ...share, kind: 'failed', failure: { code: 'result_gone' } }).components[0]?.components,
    ).toHaveLength(1)
  })
})

describe('what a channel does not accept', () => {
  test('is not said again: it may be the prompt', () => {
    const text = seen({ ...head('forbidden words'), kind: 'failed', failure: { code: 'delivery_refused' } })
    expect(text).not.toContain('forbidden words')
    expect(text).toContain('this channel does not accept it')
  })
})

describe('hidden pictures', () => {
  test('are marked each by itself', () => {
    const files = { names: ['a.png', 'b.png'], reduced: false }
    const { attachments } = renderJob(result(head(), 2), { files, spoiler: true })
    expect(attachments?.map(({ is_spoiler }) => is_spoiler)).toEqual([true, true])
    expect(renderJob(result(head(), 2), { files }).attachments?.[0]).not.toHaveProperty('is_spoiler')
  })
})

describe('untrusted text', () => {
  const nasty = '@everyone <@123456789012345678> **bold** [x](https://evil.example/) ||no||\n# heading\n> quote\n`code`'

  test('in prompt and name is shown to the letter', () => {
    for (const view of [
      { ...head(nasty), kind: 'queued', place: 1 },
      { ...head(nasty, { person: { id: '1', name: nasty } }), kind: 'failed', failure: { code: 'internal' } },
    ] satisfies JobView[]) {
      const { text, constructs } = readMarkdown(renderJob(view).content)
      expect(text.startsWith(`${nasty}\n`)).toBe(true)
      expect(new Set(constructs)).toEqual(
        new Set(view.kind === 'queued' ? ['line:quote'] : ['line:quote', 'line:small']),
      )
    }
  })

  test('of any length fits into a message', () => {
    for (const prompt of [
      '*'.repeat(5_000),
      'a\n'.repeat(2_000),
      '🏴󠁧󠁢󠁥󠁮󠁧󠁿'.repeat(300),
      'https://x.example/ '.repeat(250),
    ]) {
      const body = renderJob(result(head(prompt, { person: { id: '1', name: '_'.repeat(32) } })))
      expect(body.content.length).toBeLessThanOrEqual(2000)
      expect(body.content.isWellFormed()).toBe(true)
      expect(readMarkdown(body.content).constructs.filter((one) => !one.startsWith('line:'))).toEqual([])
      expect(readMarkdown(body.content).text).toContain('Made in')
    }
  })
})

describe('a notice', () => {
  test('says each problem in a line, to the letter', () => {
    const body = renderNotice(
      {
        kind: 'problems',
        problems: [
          { kind: 'unknown_flag', flag: '--**x**' },
          { kind: 'flag_value_unknown', flag: '--ar', value: '@everyone\n# x', allowed: ['1:1', '2:3'] },
          { kind: 'not_a_picture', name: '<@1>.txt' },
        ],
      },
      'en-GB',
    )
    expect(readMarkdown(body.content)).toEqual({
      constructs: [],
      text: [
        'I don’t know --**x**. I know --ar, --quality, --hq, --count, --private and --spoiler.',
        'I don’t know the value @everyone # x for --ar. Use 1:1 or 2:3.',
        '<@1>.txt is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.',
      ].join('\n'),
    })
    expect(body.allowed_mentions).toEqual({ parse: [] })
  })

  test('of very many problems still fits', () => {
    const problems = Array.from({ length: 200 }, (_, i) => ({ kind: 'unknown_flag', flag: `--flag${i}` }) as const)
    const { content } = renderNotice({ kind: 'problems', problems }, 'en-US')
    expect(content.length).toBeLessThanOrEqual(2000)
    expect(content.endsWith('\n…')).toBe(true)
  })

  test('keeps the catalogue’s own words as they are', () => {
    const { content } = renderNotice({ kind: 'failure', failure: { code: 'input_needs_public_url' } }, 'en-US')
    expect(readMarkdown(content).text).toContain('setting PUBLIC_URL.')
    expect(readMarkdown(renderNotice({ kind: 'help' }, 'en').content).text).toContain(
      '/imagine a fox in the snow\nAdd --ar',
    )
    expect(readMarkdown(renderNotice({ kind: 'cancel', answer: 'not_yours' }, 'en').content).text).toBe(
      'Only the person who asked can cancel this.',
    )
  })
})
