import { expect, test } from 'vitest'
import { runProcess, startProcess } from './process.ts'
import { ask, bearer } from './rig.ts'

test('says where it is and how to try it, serves, and stops on SIGINT', async () => {
  const simulator = await startProcess('--port', '0', '--control', '--key', 'aio_mine')
  expect(simulator.base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/)
  expect(simulator.output()).toContain(`curl -X POST ${simulator.base}/images/generations`)
  expect(simulator.output()).toContain('Bearer aio_mine')
  expect((await ask(`${simulator.base}/tasks/n42x_gptimg`, { headers: bearer })).status).toBe(401)
  const posts = await ask(`${new URL(simulator.base).origin}/simulator/posts`)
  expect(posts.body).toEqual({ posts: [] })
  expect(await simulator.end('SIGINT')).toBe(0)
})

test.each([
  [['--port', '70000'], '--port must be'],
  [['--min-seconds', '9', '--max-seconds', '3'], '--min-seconds is larger'],
  [['--max-seconds=-1'], '--max-seconds must be'],
  [['--colour'], '--colour'],
])('says what is wrong with %j', async (args, words) => {
  const { code, output } = await runProcess(...args)
  expect(code).toBe(1)
  expect(output).toContain(words)
  expect(output).not.toContain('    at ')
})

test('explains itself', async () => {
  const { code, output } = await runProcess('--help')
  expect(code).toBe(0)
  expect(output).toContain('--max-seconds')
})
