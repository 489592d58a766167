import { describe, expect, test } from 'vitest'
import { eventually, startRig } from './rig.ts'
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
