import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/core/failure.ts'
import type { Address, Json, Receipt } from '../../src/core/job.ts'
import type { Picture, ShowCall, Surface } from '../../src/core/ports.ts'
import type { JobView, JobViewKind, ViewHead, ViewOf } from '../../src/core/view.ts'

/** A surface on a platform (or its stand-in) that the contract can look at from the other side. */
export interface SurfaceFixture {
  readonly surface: Surface
  /** An address as the intake makes it for a new request, with no message of ours yet, each time another place in the chat. */
  address(): Promise<Address>
  /** How many messages of ours the platform shows to people right now. */
  messages(): number
  /** Requests so far that change something at the platform: posts, edits, uploads; refused ones included. */
  writes(): number
  /** A real picture; the platform takes it as it is. Default: a PNG of one pixel. */
  readonly picture?: { readonly type: 'image/png' | 'image/jpeg'; readonly bytes: Uint8Array }
  close(): Promise<void>
}

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** What every surface keeps to, whatever its platform: the test file of an adapter calls it with its own fixture. */
export function testSurface(name: string, open: () => Promise<SurfaceFixture>): void {
  describe(`the surface ${name}`, () => {
    let fixture: SurfaceFixture
    beforeEach(async () => {
      fixture = await open()
    })
    afterEach(() => fixture.close())

    const shown = (bytes: Uint8Array = fixture.picture?.bytes ?? png): Picture => ({
      open: async () => ({ type: fixture.picture?.type ?? 'image/png', size: bytes.byteLength, body: chunked(bytes) }),
    })
    const broken = (error: Error): Picture => ({ open: () => Promise.reject(error) })
    const show = (address: Address, view: JobView, change: Partial<ShowCall> = {}) =>
      fixture.surface.show(address, view, {
        signal: new AbortController().signal,
        gate: () => undefined,
        keep: async () => undefined,
        ...change,
      })
    const resultOf = (...pictures: readonly [Picture, ...Picture[]]): ViewOf<'result'> => {
      const [first, ...rest] = pictures.map((picture, i) => ({ n: i + 1, picture }))
      if (first === undefined) throw new Error('a result has a picture')
      return { ...head, kind: 'result', pictures: [first, ...rest], failures: [], credits: 10, tookMs: 7_000 }
    }

    it('posts once and edits from then on, through all the views of a job', async () => {
      let receipt = await show(await fixture.address(), queued)
      expect(fixture.messages()).toBe(1)
      for (const view of [
        preparing,
        running,
        { ...running, done: 1, remainingMs: null, late: false },
        resultOf(shown()),
      ]) {
        receipt = await show(receipt.address, view)
        expect(fixture.messages(), view.kind).toBe(1)
      }
      expect(receipt.files).toHaveLength(1)
    })

    it.each<JobViewKind>(['queued', 'preparing', 'running', 'result', 'failed', 'cancelled'])(
      'shows %s where there is no message yet',
      async (kind) => {
        const view = kind === 'result' ? resultOf(shown()) : words[kind]
        const receipt = await show(await fixture.address(), view)
        expect(fixture.messages()).toBe(1)
        expect(receipt.files).toHaveLength(kind === 'result' ? 1 : 0)
      },
    )

    it.each(['failed', 'cancelled'] as const)('ends a running message as %s', async (kind) => {
      const { address } = await show(await fixture.address(), running)
      await show(address, words[kind])
      expect(fixture.messages()).toBe(1)
    })

    it('shows the same view as often as it is asked to, in one message', async () => {
      for (const view of [queued, resultOf(shown()), words.failed]) {
        const first = await show((await show(await fixture.address(), queued)).address, view)
        const before = fixture.messages()
        const second = await show(first.address, view)
        expect(fixture.messages(), view.kind).toBe(before)
        expect(second.messageKey).toBe(first.messageKey)
        expect(second.files).toHaveLength(first.files.length)
      }
    })

    it('keeps the message’s key once it has given one', async () => {
      let receipt: Receipt | null = null
      let key: string | null = null
      for (const view of [queued, running, resultOf(shown()), words.failed]) {
        receipt = await show(receipt === null ? await fixture.address() : receipt.address, view)
        if (key !== null) expect(receipt.messageKey, view.kind).toBe(key)
        key = receipt.messageKey
      }
    })

    it('gives keys and messages of their own to jobs of their own', async () => {
      const first = await show(await fixture.address(), queued)
      const second = await show(await fixture.address(), { ...queued, jobId: 'otherjob' })
      expect(fixture.messages()).toBe(2)
      if (first.messageKey !== null) expect(second.messageKey).not.toBe(first.messageKey)
    })

    it('gives a receipt that survives storage', async () => {
      const first = await show(await fixture.address(), queued)
      const stored: Receipt = JSON.parse(JSON.stringify(first))
      expect(stored).toEqual(first)
      const second = await show(stored.address, resultOf(shown()))
      expect(fixture.messages()).toBe(1)
      const kept: Receipt = JSON.parse(JSON.stringify(second))
      expect(await bytesOf(fixture.surface.picture(kept, 1).picture)).toEqual(
        new Uint8Array(fixture.picture?.bytes ?? png),
      )
    })

    it('keeps the secret of an address where it belongs', async () => {
      const secrets = stringsOf((await fixture.address()).secret)
      const receipt = await show(await fixture.address(), resultOf(shown()))
      const open_ = JSON.stringify([receipt.address.at, receipt.messageKey, receipt.files])
      for (const secret of [...secrets, ...stringsOf(receipt.address.secret)]) expect(open_).not.toContain(secret)
    })

    it('shows several pictures in one message and finds each again', async () => {
      const { address } = await show(await fixture.address(), running)
      const bytes = new Uint8Array(fixture.picture?.bytes ?? png)
      const receipt = await show(address, {
        ...resultOf(shown(), shown(), shown()),
        request: { ...head.request, count: 4 },
        failures: [{ code: 'content_rejected' }],
      })
      expect(fixture.messages()).toBe(1)
      expect(receipt.files).toHaveLength(3)
      for (const n of [1, 2, 3]) expect(await bytesOf(fixture.surface.picture(receipt, n).picture)).toEqual(bytes)
    })

    it('asks the gate before it writes anything, and writes nothing once that is shut', async () => {
      const address = await fixture.address()
      const shut = () => {
        throw new AppError('not_ours', { detail: 'shut' })
      }
      for (const view of [queued, running, resultOf(shown()), words.failed]) {
        const before = fixture.writes()
        await expect(show(address, view, { gate: shut }), view.kind).rejects.toMatchObject({ code: 'not_ours' })
        expect(fixture.writes(), view.kind).toBe(before)
      }
      const receipt = await show(address, queued)
      for (const view of [running, resultOf(shown()), words.cancelled]) {
        const before = fixture.writes()
        await expect(show(receipt.address, view, { gate: shut }), view.kind).rejects.toMatchObject({ code: 'not_ours' })
        expect(fixture.writes(), view.kind).toBe(before)
      }
    })

    it('asks the gate at least once for each write', async () => {
      let asked = 0
      const gate = () => {
        asked += 1
      }
      let address = await fixture.address()
      for (const view of [queued, running, resultOf(shown(), shown())]) {
        const before = { asked, writes: fixture.writes() }
        address = (await show(address, view, { gate })).address
        const writes = fixture.writes() - before.writes
        expect(writes, view.kind).toBeGreaterThan(0)
        expect(asked - before.asked, view.kind).toBeGreaterThanOrEqual(writes)
      }
    })

    it('writes nothing for a call that was aborted before, and says why', async () => {
      const { address } = await show(await fixture.address(), queued)
      const before = fixture.writes()
      const reason = new AppError('internal', { detail: 'stopping' })
      for (const view of [running, resultOf(shown())])
        await expect(show(address, view, { signal: AbortSignal.abort(reason) })).rejects.toThrow()
      expect(fixture.writes()).toBe(before)
    })

    it('passes on why a picture can’t be opened, and still takes words afterwards', async () => {
      const { address } = await show(await fixture.address(), running)
      const gone = resultOf(broken(new AppError('result_gone')))
      await expect(show(address, gone)).rejects.toMatchObject({ code: 'result_gone' })
      await show(address, words.failed)
      expect(fixture.messages()).toBe(1)
    })

    it('shows nothing of a picture that breaks off, and takes it when it comes whole', async () => {
      const { address } = await show(await fixture.address(), running)
      const size = 10_000
      const short: Picture = {
        open: async () => ({ type: 'image/png', size, body: breakingOff(new Uint8Array(png)) }),
      }
      await expect(show(address, resultOf(short))).rejects.toBeInstanceOf(AppError)
      const receipt = await show(address, resultOf(shown()))
      expect(receipt.files).toHaveLength(1)
      expect(fixture.messages()).toBe(1)
    })

    it('takes any text for a prompt and a name', async () => {
      const hostile = '@everyone <!channel> <@1> `code` *bold* [a](https://x.test) \u202e\0 🦊 </div><script>'
      for (const prompt of [hostile, hostile.repeat(60).slice(0, 5_000), '`'.repeat(5_000), '🦊'.repeat(2_500)]) {
        const base = { ...head, request: { ...head.request, prompt }, person: { id: head.person.id, name: hostile } }
        const { address } = await show(await fixture.address(), { ...base, kind: 'queued', place: 3 })
        await show(address, { ...resultOf(shown()), ...base })
      }
    })

    it('speaks every language that a platform may name', async () => {
      for (const locale of ['en-US', 'de', 'pt-BR', 'zh-CN', '', 'constructor'])
        await show(await fixture.address(), { ...queued, locale })
    })

    it('has a pace for progress: a time above zero, never shorter with more jobs', () => {
      for (const elapsedMs of [0, 1_000, 60_000, 900_000]) {
        let least = 0
        const crowds = [
          [0, 0],
          [1, 1],
          [10, 1],
          [10, 10],
          [100, 10],
          [100, 100],
          [10_000, 10_000],
        ] as const
        for (const [live, inChannel] of crowds) {
          const pace = fixture.surface.pace(elapsedMs, live, inChannel)
          expect(Number.isFinite(pace)).toBe(true)
          expect(pace).toBeGreaterThanOrEqual(Math.max(100, least))
          least = pace
        }
      }
    })
  })
}

const head: ViewHead = {
  jobId: 'contractjob1',
  action: 'imagine',
  request: {
    ...{ prompt: 'a fox in the snow', aspectRatio: '1:1', quality: 'medium', count: 1, private: false, spoiler: false },
  },
  inputCount: 0,
  inputNames: [],
  omitted: [],
  person: { id: '100000000000000001', name: 'Ann' },
  locale: 'en-GB',
}
const queued: ViewOf<'queued'> = { ...head, kind: 'queued', place: 2 }
const preparing: ViewOf<'preparing'> = { ...head, inputCount: 1, kind: 'preparing' }
const running: ViewOf<'running'> = {
  ...head,
  kind: 'running',
  done: 0,
  startedAt: Date.UTC(2026, 0, 15, 12),
  elapsedMs: 3_000,
  remainingMs: 4_000,
  late: false,
}
const words: { readonly [K in Exclude<JobViewKind, 'result'>]: ViewOf<K> } = {
  queued,
  preparing,
  running,
  failed: { ...head, kind: 'failed', failure: { code: 'content_rejected' } },
  cancelled: { ...head, kind: 'cancelled', credits: 10, pending: true },
}

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 64 * 1024
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.slice(at, at + size)
}

async function* breakingOff(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
  throw new AppError('upstream_unavailable', { detail: 'the origin died' })
}

async function bytesOf(picture: Picture): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await picture.open(new AbortController().signal)).body) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** The strings in a secret that would be worth stealing. */
function stringsOf(json: Json): string[] {
  if (typeof json === 'string') return json.length < 6 ? [] : [json]
  if (typeof json !== 'object' || json === null) return []
  return Object.values(json).flatMap(stringsOf)
}
