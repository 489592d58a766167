import { describe, expect, it } from 'vitest'
import { failureCodes } from '../../src/core/failure.ts'
import { wording } from '../../src/core/messages/wording.ts'
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

/** How each language says what to do next. */
const nextSteps: Readonly<Record<string, RegExp>> = {
  en: /\b(try|ask|attach|change|use|tell|has to|can turn it on|set it up|buy)\b/i,
  de: /\b(versuch|frag|häng|ändere|nimm|sag|bitte|fordere|muss|kann es mit|neu anfordern)\b/i,
  es: /(inténtalo|prueba|pide|pídela|pregunta|adjunta|adjúntala|cambia|usa|avisa|debe|puede activarlo|puedes pedir)(?!\p{L})/iu,
  fr: /(réessaie|essaie|demande à|refais|refaire|adresse-toi|joins|change|utilise|préviens|doit|peut l’activer)(?!\p{L})/iu,
  ja: /ください|が必要です|使えるようになります/,
  pt: /(tente|peça|pedir|fale|anexe|mude|use|avise|precisa|pode ativar)(?!\p{L})/iu,
}

/** What stays the same in every language: numbers, flags, kinds of files, names. */
function fixtures(text: string): string[] {
  return (text.match(/--[a-z-]+|\d+|\/imagine|PUBLIC_URL|PNG|JPEG|WebP|GIF|AVIF|HEIC|JavaScript|Slack/g) ?? []).sort()
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
    ['sharing', messages.sharing],
    ['press to see', messages.pressToSee(messages.labels.showResult)],
    ['form late', messages.formLate],
    ['old button', messages.oldButton],
    ['in the thread', messages.inThread],
    ['away', messages.away('/invite @imagine')],
    ['closed', messages.closed],
    ['linked', messages.linked],
    ['invite', messages.invite('/invite @imagine')],
    ...[1, 2].map((count): [string, string] => [`credits ${count}`, messages.credits(count)]),
    ...[4_000, 180_000].map((ms): [string, string] => [`duration ${ms}`, messages.duration(ms)]),
    ...(['form', 'detail', 'labels', 'command', 'install', 'page'] as const).flatMap((section) =>
      Object.entries(messages[section]).flatMap(([name, text]): [string, string][] => {
        if (typeof text === 'function') return [[`${section} ${name}`, text('Acme')]]
        return [text].flat().map((line, at) => [`${section} ${name} ${at}`, line])
      }),
    ),
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
    expect(text).not.toMatch(/[*`<>[\]{}&"]/)
    // A space before such a mark is French, and then one at which no line breaks.
    expect(text).not.toMatch(/ {2}| [.,!?:;»]|« |\.\./)
    expect(text).not.toMatch(/[!！¡]/)
    expect(text.normalize('NFC')).toBe(text)
  })

  it.each(failureCodes)('says about %s what happened and what to do next', (code) => {
    const words = messages.failed({ code, detail: 'secret-detail' })
    expect(words).toMatch(/[.。]$/)
    expect(words).not.toContain('secret-detail')
    expect(words).toMatch(nextSteps[tag] ?? 'this language’s next steps')
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
    expect(messages.running({ done: 0, total: 1, elapsedMs: 9_900, remainingMs: 20, late: false })).not.toMatch(
      /(?<!\d)0 ?(s|秒)/,
    )
  })

  it('names things as they are called', () => {
    const { command, labels } = messages
    expect(command.showId).toContain(labels.details)
    expect(messages.unread).toContain(command.editImage)
    expect(messages.unseen).toContain(command.editImage)
    expect(messages.pressToSee(labels.showResult)).toContain(labels.showResult)
  })

  it('fits into forms, buttons and menus', () => {
    const { form, labels, command } = messages
    const tooLong = (most: number, texts: readonly string[]) => texts.filter((text) => text.length > most)
    // Slack: a form's title and buttons.
    const { create, edit, share, submitCreate, submitEdit, submitShare, close } = form
    expect(tooLong(24, [create, edit, share, submitCreate, submitEdit, submitShare, close])).toEqual([])
    const { eraseSure, repliedTo, history, usage, howTo, ...buttons } = labels
    expect(tooLong(24, Object.values(buttons))).toEqual([])
    // Discord: a field's label, its description, a menu's entry; Slack: an option of a select.
    expect(tooLong(45, [form.prompt, form.change, form.which, form.morePictures, form.onlyMe])).toEqual([])
    expect(tooLong(100, [form.promptHint, form.changeHint, form.picturesHint])).toEqual([])
    expect(tooLong(32, [command.editImage, command.createImage])).toEqual([])
    expect(tooLong(75, [...qualities.map(messages.quality), ...aspectRatios.map(messages.ratio)])).toEqual([])
    expect(tooLong(100, Object.values(command))).toEqual([])
  })

  it('has names of commands and options that Discord takes', () => {
    const { names } = messages
    for (const name of Object.values(names)) {
      // One shorter, for the digit of a further picture. Discord, interactions/application-commands.
      expect(name).toMatch(/^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,31}$/u)
      expect(name.toLowerCase()).toBe(name)
    }
    expect([names.imagine, names.images]).toEqual(['imagine', 'images'])
    const { prompt, aspectRatio, quality, image, count, spoiler, history, show, id, usage, help } = names
    for (const siblings of [
      [prompt, aspectRatio, quality, image, count, names.private, spoiler],
      [history, show, usage, help],
      [id, names.private],
    ])
      expect(new Set(siblings).size).toBe(siblings.length)
  })
})

const { en: _english, ...others } = catalogue
describe.each(Object.entries(others))('the catalogue in %s, beside English', (_tag, messages) => {
  const wanted = sentences(messagesFor('en'))

  it('says the same: every number, flag, kind of file and name', () => {
    const found = sentences(messages).map(([name, text]) => [name, fixtures(text)])
    expect(found).toEqual(wanted.map(([name, text]) => [name, fixtures(text)]))
  })

  it('is translated', () => {
    const words = new Map(wanted)
    expect(sentences(messages).filter(([name, text]) => text.length > 15 && words.get(name) === text)).toEqual([])
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
  it.each(['en', 'en-GB', 'en_US', 'EN', 'zh-CN', '', '-', '__proto__', 'constructor', 'toString', 'hasOwnProperty-x'])(
    'is English for %j',
    (locale) => {
      expect(messagesFor(locale)).toBe(catalogue.en)
    },
  )

  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['es-ES', 'es'],
    ['es-419', 'es'],
    ['fr_CA', 'fr'],
    ['ja', 'ja'],
    ['JA-jp', 'ja'],
    ['pt-BR', 'pt'],
  ])('of %j is %j', (locale, tag) => {
    expect(messagesFor(locale).locale).toBe(tag)
  })
})

describe('wording', () => {
  it.each([
    [wording.en, 'a, b and c', 'a or b', '2 min'],
    [wording.de, 'a, b und c', 'a oder b', '2 min'],
    [wording.es, 'a, b y c', 'a o b', '2 min'],
    [wording.fr, 'a, b et c', 'a ou b', '2 min'],
    [wording.ja, 'a、b、c', 'aまたはb', '2分'],
    [wording.pt, 'a, b e c', 'a ou b', '2 min'],
  ])('lists and tells time %#', (language, all, one, time) => {
    expect([language.and(['a', 'b', 'c']), language.or(['a', 'b']), language.duration(119_600)]).toEqual([
      all,
      one,
      time,
    ])
    expect(language.and(['a'])).toBe('a')
    const names = language.names(['x, y', 'b', 'c'])
    expect(names.filter((word) => typeof word !== 'string')).toEqual(['x, y', 'b', 'c'].map((quoted) => ({ quoted })))
    expect(plain(names)).toBe(all.replace('a', 'x, y'))
  })

  it('counts as each language does', () => {
    const counts = (language: (typeof wording)['en']) =>
      [0, 1, 2].map((count) => language.counted(count, 'one', 'other'))
    expect(counts(wording.en)).toEqual(['0 other', '1 one', '2 other'])
    expect(counts(wording.fr)).toEqual(['0 one', '1 one', '2 other'])
  })
})
