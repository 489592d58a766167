import { parseArgs } from 'node:util'
import { systemClock } from '../core/clock.ts'
import type { Log } from '../core/ports.ts'
import { createSimulator } from './server.ts'

const usage = `The image API's simulator.

  npm run simulator -- [options]

  --port <n>            port to listen on (8090; 0: any)
  --host <address>      address to listen on (127.0.0.1)
  --min-seconds <s>     shortest time a picture takes (3)
  --max-seconds <s>     longest time a picture takes (10)
  --dir <path>          keep tasks here across restarts (default: memory only)
  --key <key>           the only key taken (default: any)
  --plain               pictures of one colour, for load tests
  --control             switch behaviours and read records at /simulator/…
  --callbacks-anywhere  post callbacks to other machines too
  --help
`

const options = {
  port: { type: 'string', default: '8090' },
  host: { type: 'string', default: '127.0.0.1' },
  'min-seconds': { type: 'string', default: '3' },
  'max-seconds': { type: 'string', default: '10' },
  dir: { type: 'string' },
  key: { type: 'string' },
  plain: { type: 'boolean', default: false },
  control: { type: 'boolean', default: false },
  'callbacks-anywhere': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

await main()

async function main(): Promise<void> {
  try {
    const { values } = parseArgs({ options })
    if (values.help) process.stdout.write(usage)
    else await run(values)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

async function run(values: Values): Promise<void> {
  const [min, max] = [seconds('--min-seconds', values['min-seconds']), seconds('--max-seconds', values['max-seconds'])]
  if (min > max) throw new Error('--min-seconds is larger than --max-seconds')
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be a number from 0 to 65535')
  const simulator = createSimulator({
    host: values.host,
    port,
    dir: values.dir ?? null,
    clock: systemClock,
    random: Math.random,
    log: lines(),
    durationMs: { min, max },
    key: values.key ?? null,
    pictures: values.plain ? 'plain' : 'drawn',
    control: values.control,
    callbackTargets: values['callbacks-anywhere'] ? 'any' : 'loopback',
  })
  const base = await simulator.listen()
  process.stdout.write(welcome(base, values.key ?? 'aio_anything'))
  const stop = () => {
    // A second signal ends it at once.
    process.once('SIGINT', () => process.exit(1)).once('SIGTERM', () => process.exit(1))
    void simulator.close()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
}

function seconds(flag: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 86_400)) throw new Error(`${flag} must be a number of seconds`)
  return value * 1000
}

function welcome(base: string, key: string): string {
  return `Image API simulator at ${base}

curl -X POST ${base}/images/generations \\
  -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
  -d '{"model":"gpt-image-1-5","prompt":"A fox in the snow","aspect_ratio":"3:2"}'
curl ${base}/tasks/TASK_ID -H 'Authorization: Bearer ${key}'

For the bot: IMAGE_API_URL=${base} IMAGE_API_KEY=${key}
`
}

/** Warnings and errors, a line of JSON each. */
function lines(): Log {
  const line = (level: string) => (fields: object, message: string) => {
    const { err, ...rest } = fields as { err?: unknown }
    const error = err instanceof Error ? { error: err.stack } : {}
    process.stderr.write(`${JSON.stringify({ level, message, ...rest, ...error })}\n`)
  }
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  }
  return log
}
