import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Config, type Environment, loadConfig } from '../src/config.ts'

const discordToken = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs'
const chat: Environment = { DISCORD_TOKEN: discordToken, IMAGE_API_KEY: 'aio_key' }
const slack: Environment = {
  SLACK_BOT_TOKEN: 'xoxb-1-2-abc',
  SLACK_APP_TOKEN: 'xapp-1-A-2-def',
  IMAGE_API_KEY: 'aio_key',
}

const signingSecret = '8f742231b10e8888abcd99eeeeee85a5'
const install: Environment = {
  ...{ SLACK_CLIENT_ID: '123.456', SLACK_CLIENT_SECRET: 'c'.repeat(32), SLACK_STATE_SECRET: 's'.repeat(32) },
  ...{ SECRETS_KEY: 'k'.repeat(32), PUBLIC_URL: 'https://bot.test' },
}

function config(environment: Environment): Config {
  const loaded = loadConfig(environment)
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'))
  return loaded.config
}

function problems(environment: Environment): readonly string[] {
  const loaded = loadConfig(environment)
  return loaded.ok ? [] : loaded.problems
}

/** The variables with problems, in order. */
function named(environment: Environment): string[] {
  return problems(environment).map((problem) => problem.split(' ')[0] ?? '')
}

describe('without any variable', () => {
  it('is the playground on loopback, with the simulator behind it', () => {
    expect(config({})).toEqual({
      discord: null,
      slack: null,
      playground: true,
      imageApi: {
        upstream: 'simulator',
        model: 'gpt-image-1-5',
        maxInFlight: 100,
        submitsPerSecond: 20,
        pollsPerSecond: 50,
        looksPerTask: 6,
        callbacks: true,
        taskTimeoutMs: 900_000,
      },
      store: { kind: 'sqlite', dataDir: './data' },
      dataDir: './data',
      http: { host: '127.0.0.1', port: 8_080, metricsPort: null, publicUrl: null, loopback: true },
      allowance: { workspaces: [], creditsPerDay: 5_000, creditsPerPersonPerDay: 0, maxRunningPerPerson: 4 },
      retention: { inputsMs: 86_400_000, historyMs: 365 * 86_400_000 },
      replicaTtlMs: 12_000,
      shutdownGraceMs: 20_000,
      logLevel: 'info',
    })
  })

  it('is the same with empty ones, as a .env file has them', () => {
    expect(
      config({ DISCORD_TOKEN: '', PORT: ' ', IMAGE_API_URL: '\n', ALLOWED_WORKSPACES: '', HOME: '/root' }),
    ).toEqual(config({}))
  })
})

describe('variables', () => {
  it('are taken with white space around them, as a secret from a file has it', () => {
    expect(config({ DISCORD_TOKEN: `${discordToken}\n`, IMAGE_API_KEY: ' aio_key\r\n' })).toEqual(config(chat))
  })

  it('turn on Discord', () => {
    expect(config(chat)).toMatchObject({
      discord: { token: discordToken, apiUrl: 'https://discord.com/api', userInstall: false },
      slack: null,
      playground: false,
      imageApi: { upstream: { url: 'https://apiin.one/api/v1', key: 'aio_key' } },
    })
    expect(
      config({ ...chat, DISCORD_USER_INSTALL: 'on', DISCORD_API_URL: 'http://127.0.0.1:9/api/' }).discord,
    ).toMatchObject({
      userInstall: true,
      apiUrl: 'http://127.0.0.1:9/api',
    })
  })

  it('turn on Slack', () => {
    expect(config(slack)).toMatchObject({
      slack: {
        apiUrl: 'https://slack.com/api/',
        transport: { kind: 'sockets', appToken: 'xapp-1-A-2-def', sockets: 2 },
        access: { kind: 'token', botToken: 'xoxb-1-2-abc' },
      },
      discord: null,
      playground: false,
    })
    expect(config({ ...slack, SLACK_API_URL: 'http://localhost:9/api', SLACK_SOCKETS: '10' }).slack).toMatchObject({
      apiUrl: 'http://localhost:9/api/',
      transport: { sockets: 10 },
    })
  })

  it('have Slack heard by requests where there is no token for sockets', () => {
    const http: Environment = { ...slack, SLACK_APP_TOKEN: undefined, SLACK_SIGNING_SECRET: signingSecret }
    expect(config(http).slack?.transport).toEqual({ kind: 'http', signingSecret })
    expect(config({ ...slack, SLACK_SIGNING_SECRET: signingSecret }).slack?.transport.kind).toBe('sockets')
  })

  it('open Slack to many workspaces', () => {
    const sockets: Environment = { ...slack, SLACK_BOT_TOKEN: undefined }
    const access = {
      ...{ kind: 'install', clientId: '123.456', clientSecret: 'c'.repeat(32), stateSecret: 's'.repeat(32) },
      ...{ secretsKey: 'k'.repeat(32), publicUrl: 'https://bot.test' },
    }
    expect(config({ ...sockets, ...install }).slack).toMatchObject({ access, transport: { kind: 'sockets' } })
    const http = { IMAGE_API_KEY: 'aio_key', SLACK_SIGNING_SECRET: signingSecret }
    expect(config({ ...http, ...install }).slack).toMatchObject({ access, transport: { kind: 'http' } })
    expect(config({ ...http, ...install }).playground).toBe(false)
  })

  it('turn on both', () => {
    const both = config({ ...chat, ...slack })
    expect(both.discord).not.toBeNull()
    expect(both.slack).not.toBeNull()
  })

  it('choose where pictures are made', () => {
    expect(config({ IMAGE_API_KEY: 'aio_key' })).toMatchObject({
      playground: true,
      imageApi: { upstream: { url: 'https://apiin.one/api/v1', key: 'aio_key' } },
    })
    expect(config({ DISCORD_TOKEN: discordToken, IMAGE_API_URL: 'simulator' }).imageApi.upstream).toBe('simulator')
    expect(config({ ...chat, IMAGE_API_URL: 'simulator' }).imageApi.upstream).toBe('simulator')
    expect(config({ ...chat, IMAGE_API_URL: 'https://api.test/v1//' }).imageApi.upstream).toEqual({
      url: 'https://api.test/v1',
      key: 'aio_key',
    })
  })

  it('choose the store', () => {
    expect(config({ DATA_DIR: '/var/lib/imagine' })).toMatchObject({
      store: { kind: 'sqlite', dataDir: '/var/lib/imagine' },
      dataDir: '/var/lib/imagine',
    })
    expect(config({ DATABASE_URL: 'postgres://u:p@db:5432/imagine' }).store).toEqual({
      kind: 'postgres',
      url: 'postgres://u:p@db:5432/imagine',
    })
    expect(config({ DATABASE_URL: 'postgresql://db/imagine' }).store).toMatchObject({ kind: 'postgres' })
  })

  it('know whether others can reach the port', () => {
    expect(config({ ...chat, HOST: '0.0.0.0' }).http.loopback).toBe(false)
    expect(config({ ...chat, PUBLIC_URL: 'https://bot.test/' }).http).toMatchObject({
      publicUrl: 'https://bot.test',
      loopback: false,
    })
    expect(config({ ...chat, PUBLIC_URL: 'http://localhost:8080' }).http.loopback).toBe(true)
    expect(config({ PUBLIC_URL: 'http://127.0.0.1:1' }).playground).toBe(true)
    expect(config({ HOST: '[::1]' }).http).toMatchObject({ host: '::1', loopback: true })
    expect(config({ HOST: '::1', METRICS_PORT: '9090' }).http).toMatchObject({
      host: '::1',
      metricsPort: 9_090,
      loopback: true,
    })
  })

  it('are numbers with their units', () => {
    expect(
      config({
        ...{ TASK_TIMEOUT_SECONDS: '60', INPUT_RETENTION_HOURS: '2', HISTORY_RETENTION_DAYS: '1', PORT: '0' },
        ...{ REPLICA_TTL_SECONDS: '1.5', SHUTDOWN_GRACE_SECONDS: '0', IMAGE_API_SUBMITS_PER_SECOND: '0.5' },
        ...{
          CREDITS_PER_DAY: '0',
          CREDITS_PER_PERSON_PER_DAY: '100',
          MAX_RUNNING_PER_PERSON: '1',
          LOOKS_PER_TASK: '12',
        },
      }),
    ).toMatchObject({
      imageApi: { taskTimeoutMs: 60_000, submitsPerSecond: 0.5, looksPerTask: 12 },
      retention: { inputsMs: 7_200_000, historyMs: 86_400_000 },
      http: { port: 0 },
      replicaTtlMs: 1_500,
      shutdownGraceMs: 0,
      allowance: { creditsPerDay: 0, creditsPerPersonPerDay: 100, maxRunningPerPerson: 1 },
    })
  })

  it('list the places that may spend the key', () => {
    expect(config({ ALLOWED_WORKSPACES: ' 123456789012345678, T0123ABCD ,,' }).allowance.workspaces).toEqual([
      '123456789012345678',
      'T0123ABCD',
    ])
  })
})

describe('a wrong variable', () => {
  it.each([
    ['DISCORD_TOKEN', 'with a space in the middle of it'],
    ['DISCORD_API_URL', 'http://discord.test/api'],
    ['DISCORD_API_URL', 'discord.com'],
    ['DISCORD_USER_INSTALL', 'yes'],
    ['SLACK_BOT_TOKEN', 'xoxp-1'],
    ['SLACK_APP_TOKEN', 'xoxb-1'],
    ['SLACK_SOCKETS', '0'],
    ['SLACK_SOCKETS', '11'],
    ['SLACK_SIGNING_SECRET', 'xoxb-a-token'],
    ['SECRETS_KEY', 'too short'],
    ['SLACK_API_URL', 'ftp://slack.test'],
    ['IMAGE_API_KEY', 'aio key'],
    ['IMAGE_API_URL', 'simulation'],
    ['IMAGE_API_URL', 'http://api.test/v1'],
    ['IMAGE_API_URL', 'https://user:password@api.test/v1'],
    ['IMAGE_API_URL', 'https://api.test/v1?key=1'],
    ['IMAGE_MODEL', 'x'.repeat(101)],
    ['IMAGE_API_MAX_IN_FLIGHT', '0'],
    ['IMAGE_API_MAX_IN_FLIGHT', '-1'],
    ['IMAGE_API_SUBMITS_PER_SECOND', '0'],
    ['IMAGE_API_POLLS_PER_SECOND', 'fast'],
    ['LOOKS_PER_TASK', '1'],
    ['LOOKS_PER_TASK', '31'],
    ['TASK_TIMEOUT_SECONDS', '9'],
    ['TASK_TIMEOUT_SECONDS', '1e3'],
    ['INPUT_RETENTION_HOURS', '0'],
    ['HISTORY_RETENTION_DAYS', '1.5'],
    ['ALLOWED_WORKSPACES', 'T1;T2'],
    ['CREDITS_PER_DAY', '-5'],
    ['CREDITS_PER_PERSON_PER_DAY', 'none'],
    ['MAX_RUNNING_PER_PERSON', '0'],
    ['DATABASE_URL', 'mysql://db'],
    ['HOST', 'a b'],
    ['PORT', '65536'],
    ['PORT', '0x50'],
    ['METRICS_PORT', '70000'],
    ['PUBLIC_URL', 'http://bot.test'],
    ['PUBLIC_URL', 'https://bot.test/#top'],
    ['REPLICA_TTL_SECONDS', '0'],
    ['SHUTDOWN_GRACE_SECONDS', '601'],
    ['LOG_LEVEL', 'loud'],
  ])('is named, alone: %s=%s', (name, value) => {
    const others = { ...chat, ...slack }
    expect(named({ ...others, [name]: value })).toEqual([name])
  })

  it('does not hide another: all are said at once, once each, also what does not go together', () => {
    expect(
      named({
        ...{
          PORT: 'x',
          LOG_LEVEL: 'loud',
          TASK_TIMEOUT_SECONDS: '1',
          ALLOWED_WORKSPACES: 'a b,c d,e f',
          HOST: '0.0.0.0',
        },
        ...{ SLACK_APP_TOKEN: 'xapp-1' },
      }).toSorted(),
    ).toEqual(['ALLOWED_WORKSPACES', 'IMAGE_API_KEY', 'LOG_LEVEL', 'PORT', 'SLACK_BOT_TOKEN', 'TASK_TIMEOUT_SECONDS'])
  })
})

describe('what does not go together', () => {
  it.each<[string, Environment, readonly string[]]>([
    ['Slack without an ear', { SLACK_BOT_TOKEN: 'xoxb-1', IMAGE_API_KEY: 'k' }, ['SLACK_APP_TOKEN']],
    ['Slack without a mouth', { SLACK_SIGNING_SECRET: signingSecret, IMAGE_API_KEY: 'k' }, ['SLACK_BOT_TOKEN']],
    ['one workspace and many', { ...slack, ...install }, ['SLACK_BOT_TOKEN']],
    [
      'half of many workspaces',
      { SLACK_APP_TOKEN: 'xapp-1', SLACK_CLIENT_ID: '1.2', IMAGE_API_KEY: 'k' },
      ['SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET', 'SECRETS_KEY', 'PUBLIC_URL'],
    ],
    ['many workspaces without an ear', { ...install, IMAGE_API_KEY: 'k' }, ['SLACK_APP_TOKEN']],
    ['a key for secrets that nobody needs', { ...slack, SECRETS_KEY: 'k'.repeat(32) }, []],
    ['the other half', { SLACK_APP_TOKEN: 'xapp-1', IMAGE_API_KEY: 'k' }, ['SLACK_BOT_TOKEN']],
    ['Discord without a key', { DISCORD_TOKEN: discordToken }, ['IMAGE_API_KEY']],
    ['Slack without a key', { ...slack, IMAGE_API_KEY: undefined }, ['IMAGE_API_KEY']],
    [
      'a chat, a service and no key',
      { DISCORD_TOKEN: discordToken, IMAGE_API_URL: 'https://api.test' },
      ['IMAGE_API_KEY'],
    ],
    ['a service without a key', { IMAGE_API_URL: 'https://api.test' }, ['IMAGE_API_KEY']],
    ['a playground for everybody', { HOST: '0.0.0.0' }, ['HOST']],
    ['a playground at a public address', { PUBLIC_URL: 'https://bot.test' }, ['PUBLIC_URL']],
    ['two ports that are one', { PORT: '9090', METRICS_PORT: '9090' }, ['METRICS_PORT']],
    ['two ports that are one by default', { METRICS_PORT: '8080' }, ['METRICS_PORT']],
    ['no port for metrics', { PORT: '0', METRICS_PORT: '0' }, []],
    ['a chat for everybody', { ...chat, HOST: '0.0.0.0', PUBLIC_URL: 'https://bot.test' }, []],
  ])('%s', (_name, environment, names) => {
    expect(named(environment)).toEqual(names)
  })
})

describe('secrets', () => {
  const secrets = [
    'hunter2-discord bad token',
    'xoxb hunter2',
    'hunter2-app',
    'hunter2 key',
    'postgrs://u:hunter2@db/x',
    'https://u:hunter2@x.test',
    'hunter2 too short',
  ]

  it('are in no problem', () => {
    const [DISCORD_TOKEN, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, IMAGE_API_KEY, DATABASE_URL, IMAGE_API_URL, short] = secrets
    const said = problems({
      DISCORD_TOKEN,
      SLACK_BOT_TOKEN,
      SLACK_APP_TOKEN,
      IMAGE_API_KEY,
      DATABASE_URL,
      IMAGE_API_URL,
      PUBLIC_URL: IMAGE_API_URL,
      ...{ SLACK_SIGNING_SECRET: short, SLACK_CLIENT_ID: short, SLACK_CLIENT_SECRET: short },
      ...{ SLACK_STATE_SECRET: short, SECRETS_KEY: short },
    })
    expect(said).toHaveLength(13)
    expect(said.join('\n')).not.toContain('hunter2')
  })
})

describe('the documents', () => {
  const root = join(import.meta.dirname, '..')
  let variables: readonly string[] = []
  let example = ''
  let readme = ''
  beforeAll(async () => {
    const source = await readFile(join(root, 'src/config.ts'), 'utf8')
    variables = [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map((match) => match[1] ?? '')
    example = await readFile(join(root, '.env.example'), 'utf8')
    readme = await readFile(join(root, 'README.md'), 'utf8')
  })

  const uncommented = () => example.replace(/^# ?(?=[A-Z][A-Z_]*=)/gm, '')

  it.each([
    ['one workspace of Slack', ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET']],
    ['many workspaces of Slack', ['SLACK_BOT_TOKEN']],
  ])('.env.example is right with every line taken in, for %s', (_name, others) => {
    const environment = Object.fromEntries(
      Object.entries(parseEnv(uncommented())).filter(([name]) => !others.includes(name)),
    )
    expect(problems(environment)).toEqual([])
    const loaded = config(environment)
    expect(loaded.discord).not.toBeNull()
    expect(loaded.slack).not.toBeNull()
  })

  it('.env.example as it is changes nothing', () => {
    expect(config(parseEnv(example))).toEqual(config({}))
  })

  it('.env.example has every variable, and no other', () => {
    expect(variables.length).toBeGreaterThan(25)
    expect(Object.keys(parseEnv(uncommented())).toSorted()).toEqual(variables.toSorted())
  })

  it('.env.example names the defaults where there are any', () => {
    const given = parseEnv(uncommented())
    const optional = [
      'DISCORD_TOKEN',
      'SLACK_BOT_TOKEN',
      'SLACK_APP_TOKEN',
      'SLACK_SIGNING_SECRET',
      'SLACK_CLIENT_ID',
      'SLACK_CLIENT_SECRET',
      'SLACK_STATE_SECRET',
      'SECRETS_KEY',
      'IMAGE_API_KEY',
      'DATABASE_URL',
      'METRICS_PORT',
      'PUBLIC_URL',
    ]
    const defaults = Object.fromEntries(Object.entries(given).filter(([name]) => !optional.includes(name)))
    expect(config({ ...defaults, ...chat })).toEqual(config(chat))
  })

  it('the README’s table has every variable, and no other', () => {
    const rows = readme.split('\n').filter((line) => /^\| `[A-Z][A-Z_]+`/.test(line))
    const listed = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([A-Z][A-Z_]+)`/g)].map((match) => match[1] ?? ''),
    )
    expect(listed.toSorted()).toEqual(variables.toSorted())
  })
})
