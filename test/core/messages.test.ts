import { describe, expect, it } from 'vitest'
import { failureCodes } from '../../src/core/failure.ts'
import { catalogue, type Messages, messagesFor, noticeWords, type Words } from '../../src/core/messages.ts'
import { aspectRatios, type Problem, qualities } from '../../src/core/request.ts'
import { knownFlags } from '../../src/core/text.ts'
import type { Notice } from '../../src/core/view.ts'

const allProblems: { readonly [K in Problem['kind']]: Extract<Problem, { kind: K }> } = {
  prompt_missing: { kind: 'prompt_missing' },
  prompt_too_short: { kind: 'prompt_too_short', min: 3 },
  prompt_too_long: { kind: 'prompt_too_long', max: 5_000, length: 6_000 },
  unknown_flag: { kind: 'unknown_flag', flag: '--v' },
  flag_value_missing: { kind: 'flag_value_missing', flag: '--ar', allowed: aspectRatios },
  flag_value_unknown: { kind: 'flag_value_unknown', flag: '--ar', value: '16:9', allowed: aspectRatios },
  too_many_inputs: { kind: 'too_many_inputs', max: 16, given: 20 },
  not_a_picture: { kind: 'not_a_picture', name: 'notes.txt' },
  picture_unusable: { kind: 'picture_unusable', omitted: { name: 'huge.png', why: 'too_large' } },
  permission_missing: { kind: 'permission_missing', permissions: ['attach_files', 'send_in_threads'] },
  private_needs_command: { kind: 'private_needs_command', command: '/imagine' },
}

function plain(words: Words): string {
  return words.map((word) => (typeof word === 'string' ? word : word.quoted)).join('')
}

/** Every sentence of the catalogue, by a name for the test's report. */
function sentences(messages: Messages): [string, string][] {
  const made = { ratio: '3:2', quality: 'high', credits: 28, tookMs: 7_400, edited: false } as const
  const progress = { done: 0, total: 1, elapsedMs: 4_000, remainingMs: 3_000, late: false }
  return [
    ...failureCodes.map((code): [string, string] => [`failed ${code}`, messages.failed({ code })]),
    ...failureCodes.map((code): [string, string] => [`partly ${code}`, messages.partly(2, 4, { code })]),
    ...Object.values(allProblems).map((problem): [string, string] => [
      `problem ${problem.kind}`,
      plain(messages.problem(problem)),
    ]),
    ...[null, 1, 2, 17].map((place): [string, string] => [`queued ${place}`, messages.queued(place)]),
    ...[1, 3].map((count): [string, string] => [`preparing ${count}`, messages.preparing(count)]),
    ['running', messages.running(progress)],
    ['running of several', messages.running({ ...progress, done: 2, total: 3 })],
    ['running late', messages.running({ ...progress, remainingMs: null, late: false })],
    ['running very late', messages.running({ ...progress, elapsedMs: 800_000, remainingMs: null, late: false })],
    ['made', messages.made(made)],
    ['edited', messages.made({ ...made, edited: true })],
    ['cancelled for nothing', messages.cancelled(0, false)],
    ['cancelled pending', messages.cancelled(28, true)],
    ['cancelled made', messages.cancelled(28, false)],
    ...(['cancelled', 'finished', 'not_yours', 'unknown'] as const).map((answer): [string, string] => [
      `cancel ${answer}`,
      messages.cancelAnswer(answer),
    ]),
    ...messages.help('/imagine').map((line, i): [string, string] => [`help ${i + 1}`, line]),
    ['under way', messages.underWay],
    ['reduced', messages.reduced],
    ['alt', messages.alt('a fox', false)],
    ['alt edited', messages.alt('a fox', true)],
    ...qualities.map((quality): [string, string] => [`quality ${quality}`, messages.quality(quality)]),
    ...aspectRatios.map((ratio): [string, string] => [`ratio ${ratio}`, messages.ratio(ratio)]),
    ...(['erased', 'not_yours', 'live', 'unknown'] as const).map((answer): [string, string] => [
      `erase ${answer}`,
      messages.eraseAnswer(answer),
    ]),
    ...(['not_yours', 'live', 'unknown'] as const).map((why): [string, string] => [
      `no job ${why}`,
      messages.noJob(why, '/imagine'),
    ]),
    ['no picture', messages.noPicture],
    ['unread', messages.unread],
    ['unseen', messages.unseen],
    ['nth picture', messages.nthPicture(2)],
    ['form expired', messages.formExpired],
    ['used', plain(messages.used(['a.png', 'b.png', 'c.png']))],
    [
      'omitted',
      plain(
        messages.omitted([
          { name: 'notes.txt', why: 'not_a_picture' },
          { name: 'b.png', why: 'too_many' },
        ]),
      ),
    ],
    ...messages
      .usage({ today: 38, month: 380, pictures: 31, personDayCap: 100, dayOver: true })
      .map((line, i): [string, string] => [`usage ${i + 1}`, line]),
    ...Object.entries(messages.unfinished),
    ['nothing yet', messages.nothingYet('/imagine')],
    ...(['imagine', 'edit', 'again', 'upgrade', 'variations', 'share'] as const).map((action): [string, string] => [
      `action ${action}`,
      messages.action(action),
    ]),
    ...Object.entries(messages.form),
    ...Object.entries(messages.detail),
    ...Object.entries(messages.labels),
    ...Object.entries(messages.command),
  ]
}

describe.each(Object.entries(catalogue))('the catalogue in %s', (tag, messages) => {
  it('says which language it is in', () => {
    expect(messages.locale).toBe(tag)
  })

  it.each(sentences(messages))('has words for %s', (_name, text) => {
    expect(text.trim()).toBe(text)
    expect(text).not.toBe('')
    // Two sentences in a chat, not an essay.
    expect(text.length).toBeLessThan(200)
    expect(text).not.toMatch(/undefined|null|NaN|\[object|\d\.\d{3}/)
    // No code of ours, no markup of theirs.
    expect(text).not.toMatch(/[a-z]+_[a-z]+/)
    expect(text).not.toMatch(/[*`<>[\]{}]/)
    expect(text).not.toMatch(/ {2}| [.,!?]|\.\.|!!/)
  })

  it.each(failureCodes)('says about %s what happened and what to do next', (code) => {
    const words = messages.failed({ code, detail: 'secret-detail' })
    expect(words).toMatch(/[.]$/)
    expect(words).not.toContain('secret-detail')
    if (tag === 'en') expect(words).toMatch(/\b(try|ask|attach|change|use|tell|has to|can turn it on|set it up|buy)\b/i)
  })

  it('repeats what people typed only as marked text', () => {
    const typed = '<@everyone> *hi*'
    const problems: Problem[] = [
      { kind: 'unknown_flag', flag: typed },
      { kind: 'flag_value_missing', flag: typed, allowed: ['1'] },
      { kind: 'flag_value_unknown', flag: typed, value: typed, allowed: ['1'] },
      { kind: 'not_a_picture', name: typed },
    ]
    for (const problem of problems) {
      const words = messages.problem(problem)
      expect(words).toContainEqual({ quoted: typed })
      expect(words.filter((word) => typeof word === 'string').join('')).not.toContain(typed)
    }
  })

  it('lists every known flag when one is not known', () => {
    const words = plain(messages.problem(allProblems.unknown_flag))
    for (const flag of knownFlags) expect(words).toContain(flag)
  })

  it('never promises that nothing remains', () => {
    expect(messages.running({ done: 0, total: 1, elapsedMs: 9_900, remainingMs: 20, late: false })).not.toMatch(/\b0 s/)
  })
})

describe('a notice in words', () => {
  const english = messagesFor('en')
  const lines = (notice: Notice) => noticeWords(notice, english, '/imagine').map(plain)

  it('has a line for each problem', () => {
    const problems = [allProblems.prompt_missing, allProblems.unknown_flag]
    expect(lines({ kind: 'problems', problems })).toEqual(problems.map((problem) => plain(english.problem(problem))))
  })

  it('has words for everything else', () => {
    expect(lines({ kind: 'failure', failure: { code: 'day_spent' } })).toEqual([english.failed({ code: 'day_spent' })])
    expect(lines({ kind: 'cancel', answer: 'finished' })).toEqual([english.cancelAnswer('finished')])
    expect(lines({ kind: 'under_way' })).toEqual([english.underWay])
    expect(lines({ kind: 'help' })).toEqual([...english.help('/imagine')])
  })
})

describe('the language of a person', () => {
  it.each([
    'en',
    'en-GB',
    'en_US',
    'EN',
    'de',
    'pt-BR',
    'zh-CN',
    '',
    '-',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty-x',
  ])('is English for %j, as long as there is no other', (locale) => {
    expect(messagesFor(locale)).toBe(catalogue.en)
  })
})
