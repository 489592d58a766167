import { describe, expect, test } from 'vitest'
import { eventually, type Rig, startRig } from './rig.ts'
import { routes } from './stand-in.ts'

/** Which of the program's tries is waiting, in the order of its waits. */
const pauses = (rig: Awaited<ReturnType<typeof startRig>>) => rig.clock.sleeping()

describe.concurrent('signing in', () => {
  test('with a wrong token ends the program with words, without a second try', async () => {
    await using rig = await startRig({ token: 'wrong-token-of-enough-length', eager: true })
    await eventually(() => rig.fatals.length > 0, 'the failure')
    expect(rig.fatals).toMatchObject([{ code: 'token_rejected', detail: expect.stringContaining('DISCORD_TOKEN') }])
    expect(rig.adapter.intake.ready()).toBe(false)
    expect(rig.standIn.requests.map(({ status }) => status)).toEqual([401])
    expect(pauses(rig)).toEqual([])
    expect(`${rig.fatals[0]?.message} ${rig.lines.join()}`).not.toContain('wrong-token')
  })

  test.each([
    [4004, 'token_rejected', 'DISCORD_TOKEN'],
    [4011, 'configuration', '4011'],
    [4014, 'configuration', 'Privileged Gateway Intents'],
  ])('that the gateway refuses with %i ends the program with words', async (close, code, words) => {
    await using rig = await startRig({ eager: true, before: ({ gateway }) => gateway.closeOnIdentify(close) })
    await eventually(() => rig.fatals.length > 0, 'the failure')
    expect(rig.fatals).toMatchObject([{ code, detail: expect.stringContaining(words) }])
    expect(pauses(rig)).toEqual([])
    expect(rig.standIn.gateway.history.filter((what) => what === 'identify')).toHaveLength(1)
  })

  test('is tried again, less and less often, while Discord can’t be reached', async () => {
    await using rig = await startRig({ eager: true, before: ({ down }) => down() })
    for (const pause of [1_000, 2_000, 4_000, 8_000]) {
      await eventually(() => pauses(rig).includes(pause), `a pause of ${pause}`)
      expect(rig.adapter.intake.ready()).toBe(false)
      rig.clock.advance(pause)
    }
    await eventually(() => pauses(rig).includes(16_000), 'a pause of 16000')
    await rig.standIn.up()
    rig.clock.advance(16_000)
    await rig.standIn.ready()
    await eventually(() => rig.adapter.intake.ready(), 'signed in')
    expect(rig.fatals).toEqual([])
  })

  test('survives a gateway that has no place, and registers its commands meanwhile', async () => {
    await using rig = await startRig({
      eager: true,
      before: ({ fail }) => void fail({ method: 'GET', route: routes.gateway, status: 503, times: 2 }),
    })
    await rig.standIn.until(() => rig.standIn.world.commands.length > 0)
    for (const pause of [1_000, 2_000]) {
      await eventually(() => pauses(rig).includes(pause), `a pause of ${pause}`)
      rig.clock.advance(pause)
    }
    await eventually(() => rig.adapter.intake.ready(), 'signed in')
  })
})

describe.concurrent('what the bot asks to be told', () => {
  const usual = (1 << 0) | (1 << 9) | (1 << 12)
  const content = 1 << 15

  test.each([
    ['without the message content intent', 0, usual],
    ['with it', 1 << 18, usual | content],
    ['with it, for a small bot', 1 << 19, usual | content],
    ['with other flags', 1 << 23, usual],
  ])('is what its application may be told, %s', async (_, flags, intents) => {
    await using rig = await startRig({
      before: ({ world }) => {
        world.applicationFlags = flags
      },
    })
    expect(rig.standIn.gateway.intents()).toEqual([intents])
  })

  test('is less when Discord refuses the privileged intent after all', async () => {
    await using rig = await startRig({
      before: ({ world, gateway }) => {
        world.applicationFlags = 1 << 18
        gateway.closeOnIdentify(4014, 1)
      },
    })
    expect(rig.standIn.gateway.intents()).toEqual([usual])
    expect(rig.fatals).toEqual([])
    rig.standIn.say({ content: 'a fox', mentionsBot: true })
    await rig.accepted()
  })
})

describe.concurrent('the link that adds the bot to a server', () => {
  const linksOf = (rig: Rig) =>
    JSON.parse(rig.lines.find((line) => line.includes('add the bot to a server')) ?? '{}') as Record<string, string>

  test('is told at the start, with exactly what the bot needs', async () => {
    await using rig = await startRig()
    const { invite = '', install } = linksOf(rig)
    const { origin, pathname, searchParams } = new URL(invite)
    expect(origin + pathname).toBe('https://discord.com/oauth2/authorize')
    // View Channel, Send Messages, Attach Files, Read Message History, Send Messages in Threads.
    const permissions = String([10n, 11n, 15n, 16n, 38n].reduce((all, bit) => all | (1n << bit), 0n))
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ client_id: rig.standIn.world.applicationId, scope: 'bot applications.commands', permissions },
    })
    expect(install).toBeUndefined()
  })

  test('has a sister where people may install the app for themselves', async () => {
    await using rig = await startRig({ userInstall: true })
    expect(Object.fromEntries(new URL(linksOf(rig).install ?? '').searchParams)).toEqual({
      ...{ client_id: rig.standIn.world.applicationId, scope: 'applications.commands', integration_type: '1' },
    })
  })
})

describe.concurrent('many servers', () => {
  test('are divided among the connections that Discord wants', async () => {
    await using rig = await startRig({
      eager: true,
      before: ({ world }) => {
        world.shards = 3
      },
    })
    await rig.standIn.ready(3)
    await eventually(() => rig.adapter.intake.ready(), 'all of them are signed in')
    expect(rig.standIn.gateway.shards()).toEqual(['0/3', '1/3', '2/3'])
    rig.standIn.say({ content: 'in a server', mentionsBot: true })
    rig.standIn.say({ content: 'directly', where: 'bot_dm' })
    await rig.accepted(2)
    expect(rig.studio.asks.map(({ input }) => input.prompt).sort()).toEqual(['directly', 'in a server'])
  })
})

describe.concurrent('an event that makes no sense', () => {
  test('costs nothing else', async () => {
    await using rig = await startRig()
    const { gateway, world } = rig.standIn
    gateway.dispatch('INTERACTION_CREATE', { id: world.newId(), type: 2 })
    gateway.dispatch('MESSAGE_CREATE', {
      id: world.newId(),
      guild_id: world.guildId,
      channel_id: world.channelOf.guild,
    })
    await eventually(
      () => rig.lines.filter((line) => line.includes('event not handled')).length === 2,
      'both are logged',
    )
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    expect(await command.answered()).toBe(5)
  })
})

describe.concurrent('a lost connection', () => {
  test('is resumed, and what happened meanwhile arrives', async () => {
    await using rig = await startRig()
    const { standIn, adapter } = rig
    standIn.gateway.drop('cut')
    await eventually(() => !adapter.intake.ready(), 'it is known to be lost')
    const command = standIn.command('/imagine', { prompt: 'meanwhile' })
    expect((await rig.accepted()).ask.input.prompt).toBe('meanwhile')
    expect(await command.answered()).toBe(5)
    await eventually(() => adapter.intake.ready(), 'resumed')
    expect(standIn.gateway.history.filter((what) => what !== 'heartbeat')).toEqual(['identify', 'close 1006', 'resume'])
  })

  test('is resumed when Discord asks for it, and old events are left alone', async () => {
    await using rig = await startRig()
    const { standIn, adapter, clock } = rig
    standIn.gateway.refuse(true)
    standIn.gateway.askToReconnect()
    await eventually(() => !adapter.intake.ready(), 'it is gone')
    standIn.command('/imagine', { prompt: 'too old' })
    clock.advance(3_500)
    standIn.command('/imagine', { prompt: 'young' })
    standIn.gateway.refuse(false)
    expect((await rig.accepted()).ask.input.prompt).toBe('young')
    expect(rig.studio.asks).toHaveLength(1)
  })

  test('whose session is over is followed by a new one', { timeout: 30_000 }, async () => {
    await using rig = await startRig()
    rig.standIn.gateway.invalidate(false)
    await eventually(() => !rig.adapter.intake.ready(), 'it is gone')
    await eventually(() => rig.adapter.intake.ready(), 'signed in anew')
    expect(rig.standIn.gateway.history.filter((what) => what === 'identify')).toHaveLength(2)
    rig.standIn.command('/imagine', { prompt: 'after' })
    expect((await rig.accepted()).ask.input.prompt).toBe('after')
  })

  test('that is final ends the program', async () => {
    await using rig = await startRig()
    rig.standIn.gateway.drop(4004)
    await eventually(() => rig.fatals.length > 0, 'the failure')
    expect(rig.fatals).toMatchObject([{ code: 'token_rejected' }])
    expect(rig.adapter.intake.ready()).toBe(false)
  })
})

describe.concurrent('stopping', () => {
  test('says goodbye, and takes nothing more', async () => {
    await using rig = await startRig()
    await rig.adapter.intake.stop()
    expect(rig.adapter.intake.ready()).toBe(false)
    await rig.standIn.until(() => rig.standIn.gateway.history.includes('close 1000'))
    expect(rig.standIn.gateway.live()).toBe(0)
    await rig.adapter.intake.stop()
  })

  test('while Discord can’t be reached ends at once', async () => {
    await using rig = await startRig({ eager: true, before: ({ down }) => down() })
    await eventually(() => pauses(rig).includes(1_000), 'a pause')
    await rig.adapter.intake.stop()
  })

  test('between two connections leaves nothing that dials on', async () => {
    await using rig = await startRig()
    const { standIn, adapter } = rig
    standIn.gateway.refuse(true)
    standIn.gateway.drop('cut')
    await eventually(() => !adapter.intake.ready(), 'it is gone')
    await adapter.intake.stop()
    standIn.gateway.refuse(false)
    // discord.js dials half a second after a loss, by its own clock.
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(standIn.gateway.history.filter((what) => what !== 'heartbeat')).toEqual(['identify', 'close 1006'])
  })

  test('while a connection is being made does not break it off in a way that ends the process', async () => {
    await using rig = await startRig()
    const { standIn, adapter, clock } = rig
    const stalled = standIn.gateway.stall()
    standIn.gateway.drop('cut')
    await standIn.until(() => stalled() === 1)
    const stopping = adapter.intake.stop()
    await eventually(() => clock.sleeping().includes(2_000), 'it waits for the connection')
    clock.advance(2_000)
    await stopping
    // The stand-in now breaks the connection: an error without a listener would end the process.
  })

  test('waits for an answer that is under way', async () => {
    await using rig = await startRig()
    const release = Promise.withResolvers<void>()
    rig.studio.answerWith(async (_, reply) => {
      await release.promise
      await reply.refuse({ kind: 'help' })
    })
    const command = rig.standIn.command('/imagine', { prompt: 'a fox' })
    await eventually(() => rig.studio.asks.length === 1, 'it arrived')
    const stopping = rig.adapter.intake.stop()
    release.resolve()
    await stopping
    expect(command.interaction.answered).toBe(4)
  })
})
