import type { Clock } from '../../src/core/ports.ts'
import { newAddress } from '../../src/slack/address.ts'
import { createSlack } from '../../src/slack/index.ts'
import { type SurfaceFixture, testSurface } from '../contract/surface.ts'
import { fakeTools } from '../fakes/tools.ts'
import { createRecordedLog } from '../http/recorded-log.ts'
import { createMemoryShelf } from '../playground/memory-shelf.ts'
import { startSlack } from './stand-in.ts'

const writing = new Set(['chat.postMessage', 'chat.update', 'upload', 'files.completeUploadExternal', 'respond'])

/** Time that passes at once when somebody waits. */
function hastyClock(): Clock {
  let now = Date.UTC(2026, 0, 15, 12)
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      now += ms
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    },
  }
}

async function open(kind: 'channel' | 'thread' | 'private'): Promise<SurfaceFixture> {
  const slack = await startSlack()
  const channels: string[] = []
  const clock = hastyClock()
  let ids = 0
  const { surface } = createSlack(
    {
      apiUrl: slack.apiUrl,
      transport: { kind: 'sockets', appToken: slack.appToken, sockets: 1 },
      access: { kind: 'token', botToken: slack.botToken },
    },
    {
      ...{ clock, log: createRecordedLog(), meter: { count: () => undefined, time: () => undefined } },
      newId: () => {
        ids += 1
        return `id${ids}`
      },
      step: () => undefined,
      fatal: () => undefined,
      ...fakeTools(),
      ...{ shelf: createMemoryShelf(clock), links: null, routes: { mount: () => undefined } },
    },
  )
  return {
    surface,
    address: async () => {
      const user = `U0ANN${channels.length}`
      const channel = slack.channel('private', [user])
      channels.push(channel, slack.dm(user))
      const thread = kind === 'thread' ? slack.mumble(channel, { user, text: 'words' }) : null
      return newAddress({
        team: slack.team,
        enterprise: null,
        channel,
        thread,
        user,
        private: kind === 'private',
        response: null,
      })
    },
    messages: () => channels.flatMap((channel) => slack.messages(channel)).length,
    writes: () => slack.calls.filter(({ method }) => writing.has(method)).length,
    close: async () => {
      await slack.close()
      if (slack.violations.length + slack.pings.length > 0)
        throw new Error(`rules broken: ${[...slack.violations, ...slack.pings].join('; ')}`)
    },
  }
}

testSurface('Slack, in a channel', () => open('channel'))
testSurface('Slack, in a thread', () => open('thread'))
testSurface('Slack, in a direct message', () => open('private'))
