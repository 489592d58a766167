import { describe, expect, test } from 'vitest'
import { decodedSize } from './decoded.ts'
import { ask, bytesOf, startRig } from './rig.ts'

const plain = { pictures: 'plain' } as const

describe('on result', () => {
  const start = async () => {
    const rig = await startRig(plain)
    return { ...rig, url: await rig.resultOf('A fox in the snow') }
  }

  test('gone, a page, nothing', async () => {
    const { simulator, url } = await start()
    simulator.behave({ on: 'result', do: 'gone', times: 1 }, { on: 'result', do: 'gone', status: 410, times: 1 })
    expect((await ask(url)).status).toBe(404)
    expect((await ask(url)).status).toBe(410)
    simulator.behave({ on: 'result', do: 'html', times: 1 })
    expect(await ask(url)).toMatchObject({ status: 200, text: expect.stringContaining('<!doctype html>') })
    simulator.behave({ on: 'result', do: 'empty', times: 1 })
    expect(await ask(url)).toMatchObject({ status: 200, text: '' })
    expect((await bytesOf(url)).length).toBeGreaterThan(100)
  })

  test('cut short, reset, hanging', async () => {
    const { simulator, url } = await start()
    for (const act of ['short', 'reset'] as const) {
      simulator.behave({ on: 'result', do: act, times: 1 })
      await expect(bytesOf(url)).rejects.toThrow(/terminated|fetch failed/)
    }
    simulator.behave({ on: 'result', do: 'hang', times: 1 })
    await expect(fetch(url, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/i)
  })

  test('redirected: once, elsewhere, for ever', async () => {
    const { simulator, url } = await start()
    simulator.behave({ on: 'result', do: 'redirect', times: 1 })
    expect((await bytesOf(url)).length).toBeGreaterThan(100)
    simulator.behave({ on: 'result', do: 'redirect', to: 'http://10.0.0.1/x', times: 1 })
    const answered = await fetch(url, { redirect: 'manual' })
    expect(answered.headers.get('location')).toBe('http://10.0.0.1/x')
    simulator.behave({ on: 'result', do: 'redirect' })
    await expect(bytesOf(url)).rejects.toThrow(/fetch failed/)
  })

  test('as WebP, as JPEG, larger than 10 MiB', async () => {
    const { simulator, url } = await start()
    simulator.behave(
      { on: 'result', do: 'webp', times: 1 },
      { on: 'result', do: 'jpeg', times: 1 },
      { on: 'result', do: 'large', times: 2 },
    )
    const size = async () => decodedSize(await bytesOf(url))
    expect(await size()).toEqual({ format: 'webp', width: 1024, height: 1024 })
    expect(await size()).toEqual({ format: 'jpeg', width: 1024, height: 1024 })
    const large = await bytesOf(url)
    expect(large.length).toBeGreaterThan(11 * 1024 * 1024)
    expect((await decodedSize(large)).format).toBe('png')
    expect((await bytesOf(url)).equals(large)).toBe(true)
  })

  test('slow, yet whole', async () => {
    const { simulator, url, clock } = await start()
    const whole = await bytesOf(url)
    simulator.behave({ on: 'result', do: 'slow', ms: 1000 })
    let done = false
    const slow = bytesOf(url).finally(() => {
      done = true
    })
    while (!done) await clock.advance(1000)
    expect((await slow).equals(whole)).toBe(true)
  })
})
