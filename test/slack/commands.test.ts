import { describe, expect, it } from 'vitest'
import { startHarness } from './harness.ts'
import { draw, source } from './pictures.ts'

describe('/imagine', () => {
  it('makes a picture from words in one message, with the bytes of the source', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const asked = await slack.command({ user: 'U0ANN', channel: general, text: 'a fox in the snow --ar 3:2 --hq' })
    expect(asked).toMatchObject({ acked: true, answer: null })
    const job = studio.last()
    expect(job.request).toEqual({
      prompt: 'a fox in the snow',
      aspectRatio: '3:2',
      quality: 'high',
      count: 1,
      private: false,
      spoiler: false,
    })
    expect(job.person).toEqual({ id: 'U0ANN', name: 'u0ann' })

    const opened = await studio.progress(job.id)
    const [placeholder] = slack.messages(general)
    expect(opened.messageKey).toBe(`${slack.team}:${general}:${placeholder?.ts}`)
    expect(placeholder?.lines).toEqual(['a fox in the snow', 'In line…', 'Asked by u0ann'])
    expect(placeholder?.buttons).toEqual([{ text: 'Cancel', actionId: 'cancel', value: `a1:${job.id}` }])

    await studio.progress(job.id, 3_000)
    expect(slack.messages(general)[0]?.lines).toContain('Drawing, 3 s so far, about 4 s to go…')

    const png = await draw('png', 300)
    const receipt = await h.within(studio.deliver(job.id, [source(png, 'image/png')]))
    const [result, ...others] = slack.messages(general)
    expect(others).toEqual([])
    expect(result?.ts).toBe(placeholder?.ts)
    expect(result?.lines).toEqual([
      'a fox in the snow',
      'Made in 4 s · 3:2 landscape · high quality · 28 credits',
      'Asked by u0ann',
    ])
    expect(result?.images).toHaveLength(1)
    expect(result?.images[0]?.bytes.equals(png)).toBe(true)
    expect(result?.images[0]).toMatchObject({ type: 'image/png', alt: 'Picture: a fox in the snow' })
    expect(result?.text).toBe('a fox in the snow · Made in 4 s · 3:2 landscape · high quality · 28 credits')
    expect(result?.buttons.map(({ actionId }) => actionId)).toEqual(['again', 'edit', 'variations', 'details', 'erase'])
    expect(slack.uploads()[0]?.alt).toBe('Picture: a fox in the snow')
    expect(receipt.files).toMatchObject([{ file: result?.images[0]?.id }])
  })

  it.each([
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
  ] as const)('delivers %s as it is, also when the source does not say its size', async (kind, type) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const bytes = await draw(kind, 80)
    for (const unsized of [false, true]) {
      await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
      await studio.progress(studio.last().id)
      await h.within(studio.deliver(studio.last().id, [source(bytes, type, { unsized })]))
      expect(slack.messages(general).at(-1)?.images[0]?.bytes.equals(bytes)).toBe(true)
    }
    expect(slack.uploads().map(({ name }) => name)).toEqual(
      Array(2).fill(`imagine-1.${kind === 'jpeg' ? 'jpg' : kind}`),
    )
  })

  it.each([
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
  ] as const)('turns %s, which Slack does not show, into PNG', async (kind, type) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    const picture = source(await draw(kind), type)
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [picture]))
    expect(slack.messages(general)[0]?.images[0]?.type).toBe('image/png')
    expect(picture.counts.ended).toBe(picture.counts.opened)
  })

  it('shows several pictures in one message, and says which are missing', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('private', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox --count 3' })
    const pictures = await Promise.all([draw('png', 20), draw('png', 21), draw('jpeg', 22)])
    await studio.progress(studio.last().id)
    const receipt = await h.within(
      studio.deliver(studio.last().id, [
        source(pictures[0], 'image/png'),
        source(pictures[1], 'image/png'),
        source(pictures[2], 'image/jpeg'),
      ]),
    )
    const [result] = slack.messages(general)
    expect(result?.images.map(({ bytes }) => bytes.length)).toEqual(pictures.map(({ length }) => length))
    expect(result?.images.map(({ alt }) => alt)).toEqual([
      '1/3 Picture: a fox',
      '2/3 Picture: a fox',
      '3/3 Picture: a fox',
    ])
    expect(receipt.files).toHaveLength(3)
  })

  it.each(['help', 'HELP', ' Help! '])('answers %j with how to use it, to the asker alone', async (text) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { answer } = await slack.command({ user: 'U0ANN', channel: general, text, command: '/draw' })
    expect(answer?.onlyFor).toBe('U0ANN')
    expect(answer?.lines[0]).toContain('/draw a fox in the snow')
    expect(studio.asks).toEqual([])
  })

  it.each([
    ['a', 'Say a little more: at least 3 characters.'],
    ['--hq', 'Say what to draw, for example: a fox in the snow.'],
    ['a fox --colour red', 'I don’t know --colour. I know --ar, --quality, --hq, --count, --private and --spoiler.'],
    ['a fox --ar 5:4', 'I don’t know the value 5:4 for --ar. Use 1:1, 2:3 or 3:2.'],
    [`a fox --ar <!channel>`, 'I don’t know the value @channel for --ar. Use 1:1, 2:3 or 3:2.'],
    ['a fox --ar *bold*', 'I don’t know the value *bold* for --ar. Use 1:1, 2:3 or 3:2.'],
    ['x'.repeat(5_001), 'That is 5001 characters long. Use at most 5000.'],
  ])('answers %.30j in one clear sentence, to the asker alone', async (text, sentence) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const { answer } = await slack.command({ user: 'U0ANN', channel: general, text })
    expect(answer?.onlyFor).toBe('U0ANN')
    expect(answer?.lines).toEqual([sentence])
    expect(studio.jobs()).toEqual([])
    expect(slack.messages(general)).toEqual([])
  })

  it.each([
    ['<!channel> and <!here> wake @everyone', '@channel and @here wake @everyone'],
    ['&lt;!channel&gt; &amp;amp; &lt;@U0BOB&gt;', '<!channel> &amp; <@U0BOB>'],
    ['<@U0BOB|bob> in <#C0X|town>, <!subteam^S1|@team>', '@bob in #town, @team'],
    ['see <https://example.com/a?b=c|example.com> or <mailto:a@b.c|a@b.c>', 'see example.com or a@b.c'],
    ['*bold* _italic_ ~struck~ `code` :fire: > quote', '*bold* _italic_ ~struck~ `code` :fire: > quote'],
    ['5 < 6 and 7 > 3', '5 < 6 and 7 > 3'],
    ['```\n<script>alert(1)</script>\n```', '```\n<script>alert(1)</script>\n```'],
  ])('shows %j as it was meant, calling nobody and formatting nothing', async (text, shown) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text })
    await studio.progress(studio.last().id)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    const [result] = slack.messages(general)
    expect(result?.lines[0]).toBe(shown)
    expect(result?.text).not.toMatch(/\[(?:bold|italic|@|!)/)
    expect(result?.images[0]?.alt).toBe(`Picture: ${shown}`)
  })

  it('takes the longest prompt, and shows as much of it as fits', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const prompt = '&<>😀'.repeat(1_000)
    await slack.command({ user: 'U0ANN', channel: general, text: prompt })
    await studio.progress(studio.last().id)
    await studio.progress(studio.last().id, 2_000)
    await h.within(studio.deliver(studio.last().id, [source(await draw('png'), 'image/png')]))
    const [result] = slack.messages(general)
    expect(result?.lines[0]).toMatch(/^&<>😀.*…$/u)
    expect(result?.lines[0]).not.toMatch(/[\ud800-\udbff]…$/)
    expect(result?.images).toHaveLength(1)
  })

  it('answers a refusal of the studio with the ack, and only to the asker', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    studio.refuse({ code: 'day_spent' })
    const { answer } = await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    expect(answer?.lines[0]).toContain('Today’s credits for this bot are used up')
    expect(slack.messages(general)).toEqual([])
  })

  it('acks at once when the store is slow, and refuses by the response URL afterwards', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const goOn = studio.stall()
    const asked = await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    expect(asked).toMatchObject({ acked: true, answer: null })
    studio.refuse({ code: 'store_unavailable' })
    goOn()
    await h.until('the refusal came', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('nothing was started')
  })

  it('acks a duplicate and says nothing about it', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const asked = await slack.command({ user: 'U0ANN', channel: general, text: 'a fox', twice: true })
    expect(asked).toMatchObject({ acked: true, answer: null, again: { acked: true, payload: {} } })
    expect(studio.jobs()).toHaveLength(1)
    expect(slack.whispers(general, 'U0ANN')).toEqual([])
  })

  it('takes a burst of fifty', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, at) => slack.command({ user: 'U0ANN', channel: general, text: `fox ${at}` })),
    )
    expect(asked.every(({ acked }) => acked)).toBe(true)
    expect(new Set(studio.jobs().map(({ request }) => request.prompt)).size).toBe(50)
  })

  it('leaves a command unacked that it could not write down, and goes on', async () => {
    await using h = await startHarness({ ackMs: 300 })
    const { slack, studio, lines } = h
    const general = slack.channel('public', ['U0ANN'])
    studio.breakDown(1)
    expect(await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })).toMatchObject({ acked: false })
    expect(lines.some(({ level }) => level === 'error')).toBe(true)
    expect(await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })).toMatchObject({ acked: true })
  })
})

describe('the cancel button', () => {
  it('cancels, and then is gone', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN', 'U0BOB'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    await studio.progress(studio.last().id)
    const [placeholder] = slack.messages(general)
    if (placeholder === undefined) throw new Error('no placeholder')

    expect(await slack.press('U0BOB', placeholder, 'cancel')).toMatchObject({ acked: true })
    await h.until('Bob was told', () => slack.whispers(general, 'U0BOB').length === 1)
    expect(slack.whispers(general, 'U0BOB')[0]?.lines).toEqual(['Only the person who asked can cancel this.'])

    await slack.press('U0ANN', placeholder, 'cancel')
    await h.until(
      'it is cancelled',
      () => slack.messages(general)[0]?.lines.includes('Cancelled. Nothing was charged.') === true,
    )
    expect(slack.messages(general)[0]?.buttons).toEqual([])

    await slack.press('U0ANN', placeholder, 'cancel')
    await h.until('Ann was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines).toEqual(['This one is already finished.'])
  })

  it('says so when the store is down', async () => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    await studio.progress(studio.last().id)
    const [message] = slack.messages(general)
    if (message === undefined) throw new Error('no placeholder')
    studio.breakDown(1)
    expect(await slack.press('U0ANN', message, 'cancel')).toMatchObject({ acked: true })
    await h.until('Ann was told', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(slack.whispers(general, 'U0ANN')[0]?.lines[0]).toContain('Try again in a minute')
  })

  it.each([
    ['cancel', 'a1:nobody'],
    ['cancel', 'job1'],
    ['cancel', 'a0:job1'],
    ['cancel', 'a1:job1:more'],
    ['from_another_version', 'whatever'],
  ])('answers the old button %s with %s politely', async (actionId, value) => {
    await using h = await startHarness()
    const { slack, studio } = h
    const general = slack.channel('public', ['U0ANN'])
    await slack.command({ user: 'U0ANN', channel: general, text: 'a fox' })
    await studio.progress(studio.last().id)
    const [message] = slack.messages(general)
    if (message === undefined) throw new Error('no placeholder')
    expect(await slack.press('U0ANN', message, actionId, value)).toMatchObject({ acked: true })
    await h.until('an answer', () => slack.whispers(general, 'U0ANN').length === 1)
    expect(studio.last().state).toBe('accepted')
  })
})
