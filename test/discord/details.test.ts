import { describe, expect, test } from 'vitest'
import type { Job } from '../../src/core/job.ts'
import { requestSchema } from '../../src/core/request.ts'
import { renderDetails } from '../../src/discord/details.ts'
import { readMarkdown } from './markdown.ts'
import { messageProblems } from './rules.ts'

const acceptedAt = Date.UTC(2026, 0, 15, 12)

function job(prompt: string, change: Partial<Job> = {}): Job {
  const address = { at: null, secret: null }
  return {
    ...{ id: 'abc123', surface: 'discord', workspace: 'w', channel: 'c', locale: 'en', action: 'imagine', address },
    ...{ person: { id: '1', name: 'Ann_1' }, parentId: null, inputs: [], omitted: [], acceptedAt, cancelledAt: null },
    request: requestSchema.parse({ prompt }),
    tasks: [
      { n: 1, state: 'completed', submittedAt: acceptedAt, taskId: 't', urls: ['u'], endedAt: acceptedAt + 34_000 },
    ],
    ...{ state: 'delivered', receipt: { address, messageKey: null, files: [] }, endedAt: acceptedAt + 35_000 },
    ...change,
  } as Job
}

const context = { files: new Map<number, string>(), existing: new Set<string>(), isEdit: false, flags: 0 }

describe('details', () => {
  test('tell everything, the lineage too', () => {
    const parent = job('a *fox*')
    const grandparent = job('an animal', { action: 'again' })
    const body = renderDetails(
      { job: job('make it night', { parentId: 'x' }), lineage: [parent, grandparent], more: true },
      'en-US',
    )
    expect(messageProblems(body, context)).toEqual([])
    expect(readMarkdown(body.content)).toEqual({
      constructs: expect.arrayContaining(['line:quote', 'bold', 'timestamp']),
      text: [
        'make it night',
        'Shape 1:1 square',
        'Quality Medium (10 credits)',
        'Cost 10 credits',
        'Took 34 s',
        'Asked by Ann_1',
        `When <t:${acceptedAt / 1000}:f>`,
        'Made from a *fox* (Made from words)',
        'Made from an animal (Made again)',
        'Made from …',
        'Number abc123',
      ].join('\n'),
    })
  })

  test('of the longest prompts and names still fit, with the number', () => {
    const long = '*_'.repeat(2_500)
    const inputs = Array.from({ length: 16 }, () => ({ kind: 'remote' as const, name: '_'.repeat(100), at: null }))
    const lineage = Array.from({ length: 10 }, () => job(long))
    const body = renderDetails({ job: job(long, { inputs }), lineage, more: true }, 'en-US')
    expect(messageProblems(body, context)).toEqual([])
    expect(body.content.length).toBeLessThanOrEqual(2000)
    expect(readMarkdown(body.content).text).toMatch(/\nNumber abc123(\n…)?$/)
  })
})
