import { z } from 'zod'

/** Everything that is configured, checked. Secrets are in here: it is never logged. */
export interface Config {
  readonly discord: { readonly token: string; readonly apiUrl: string; readonly userInstall: boolean } | null
  readonly slack: {
    readonly apiUrl: string
    readonly transport:
      | { readonly kind: 'sockets'; readonly appToken: string; readonly sockets: number }
      | { readonly kind: 'http'; readonly signingSecret: string }
    readonly access:
      | { readonly kind: 'token'; readonly botToken: string }
      | {
          readonly kind: 'install'
          readonly clientId: string
          readonly clientSecret: string
          readonly stateSecret: string
          readonly secretsKey: string
          readonly publicUrl: string
        }
  } | null
  /** The local page; on when no chat platform is configured. */
  readonly playground: boolean
  readonly imageApi: {
    /** `simulator`: the embedded one. */
    readonly upstream: 'simulator' | { readonly url: string; readonly key: string }
    readonly model: string
    readonly maxInFlight: number
    readonly submitsPerSecond: number
    readonly pollsPerSecond: number
    readonly looksPerTask: number
    /** Whether submits carry a callback, given a PUBLIC_URL. */
    readonly callbacks: boolean
    readonly taskTimeoutMs: number
  }
  readonly store:
    | { readonly kind: 'sqlite'; readonly dataDir: string }
    | { readonly kind: 'postgres'; readonly url: string }
  /** Where the embedded simulator keeps its tasks. */
  readonly dataDir: string
  readonly http: {
    readonly host: string
    readonly port: number
    readonly metricsPort: number | null
    /** Where the outside reaches us, without a trailing slash. */
    readonly publicUrl: string | null
    /** Whether nothing but this machine can reach the port. */
    readonly loopback: boolean
  }
  readonly allowance: {
    readonly workspaces: readonly string[]
    readonly creditsPerDay: number
    readonly creditsPerPersonPerDay: number
    readonly maxRunningPerPerson: number
  }
  readonly retention: { readonly inputsMs: number; readonly historyMs: number }
  readonly replicaTtlMs: number
  readonly shutdownGraceMs: number
  readonly logLevel: string
}

export type Environment = Readonly<Record<string, string | undefined>>

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  /** Each begins with the variable's name and holds no secret. */
  | { readonly ok: false; readonly problems: readonly string[] }

const hourMs = 3_600_000
const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '::1', '[::1]']

const whole = (least: number, most: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`))
    .default(otherwise)

const number = (least: number, most: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, `must be a number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`))
    .default(otherwise)

/** A base URL: https anywhere, http only to this machine, so that no key travels in clear text. */
const address = z
  .string()
  .refine(isSafeUrl, 'must be an https:// address (http:// only for 127.0.0.1, localhost or [::1])')
  .transform((text) => text.replace(/\/+$/, ''))

const secret = (prefix: string) =>
  z.string().refine((text) => text.startsWith(prefix) && !/\s/.test(text), `must be a token that begins with ${prefix}`)

/** A secret of the operator's own making. */
const longSecret = z
  .string()
  .regex(/^\S{32,}$/, 'must be at least 32 characters long without spaces: openssl rand -hex 32 makes one')

const schema = z.object({
  DISCORD_TOKEN: z.string().regex(/^\S+$/, 'must be the bot token from the Discord developer portal').optional(),
  DISCORD_API_URL: address.default('https://discord.com/api'),
  DISCORD_USER_INSTALL: z.enum(['on', 'off'], 'must be on or off').default('off'),
  SLACK_BOT_TOKEN: secret('xoxb-').optional(),
  SLACK_APP_TOKEN: secret('xapp-').optional(),
  SLACK_SOCKETS: whole(1, 10, 2),
  SLACK_SIGNING_SECRET: z
    .string()
    .regex(/^[0-9a-z]{16,64}$/i, 'must be the signing secret from the app’s Basic Information')
    .optional(),
  SLACK_CLIENT_ID: z
    .string()
    .regex(/^\d+\.\d+$/, 'must be the client id from the app’s Basic Information')
    .optional(),
  SLACK_CLIENT_SECRET: z
    .string()
    .regex(/^\S{16,}$/, 'must be the client secret from the app’s Basic Information')
    .optional(),
  SLACK_STATE_SECRET: longSecret.optional(),
  SECRETS_KEY: longSecret.optional(),
  SLACK_API_URL: address.default('https://slack.com/api').transform((url) => `${url}/`),
  IMAGE_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be the key of the image API, without spaces')
    .optional(),
  IMAGE_API_URL: z
    .union([z.literal('simulator'), address], 'must be an https:// address, or the word simulator')
    .optional(),
  IMAGE_MODEL: z.string().max(100).default('gpt-image-1-5'),
  IMAGE_API_MAX_IN_FLIGHT: whole(1, 100_000, 100),
  IMAGE_API_SUBMITS_PER_SECOND: number(0.01, 10_000, 20),
  IMAGE_API_POLLS_PER_SECOND: number(0.1, 10_000, 50),
  // A single look would have to wait for the slowest task ever seen.
  IMAGE_API_CALLBACKS: z.enum(['on', 'off'], 'must be on or off').default('on'),
  LOOKS_PER_TASK: number(2, 30, 6),
  TASK_TIMEOUT_SECONDS: whole(10, 86_400, 900),
  INPUT_RETENTION_HOURS: whole(1, 8_760, 24),
  HISTORY_RETENTION_DAYS: whole(1, 36_500, 365),
  ALLOWED_WORKSPACES: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== ''),
    )
    .pipe(
      z.array(z.string().regex(/^[A-Za-z0-9]+$/, 'must be Discord server or Slack workspace ids, separated by commas')),
    )
    .default([]),
  CREDITS_PER_DAY: whole(0, 1_000_000_000, 5_000),
  CREDITS_PER_PERSON_PER_DAY: whole(0, 1_000_000_000, 0),
  MAX_RUNNING_PER_PERSON: whole(1, 10_000, 4),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, 'must be a postgres:// address')
    .optional(),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:[\]-]+$/, 'must be an address to listen on')
    .default('127.0.0.1'),
  PORT: whole(0, 65_535, 8_080),
  METRICS_PORT: whole(0, 65_535, 0).transform((port) => (port === 0 ? null : port)),
  PUBLIC_URL: address.optional(),
  REPLICA_TTL_SECONDS: number(1, 600, 12),
  SHUTDOWN_GRACE_SECONDS: number(0, 600, 20),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be debug, info, warn or error')
    .default('info'),
})
type Values = z.output<typeof schema>

/** Checks the whole environment and reports every problem at once. */
export function loadConfig(environment: Environment): LoadedConfig {
  // `NAME=` in a .env file means the same as no such line, and a secret read from a file ends with a line break.
  const given = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const trimmed = value?.trim() ?? ''
      return trimmed === '' ? [] : [[name, trimmed]]
    }),
  )
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`)
    return { ok: false, problems: [...new Set(problems)].concat(combinationProblems(given)) }
  }
  const problems = combinationProblems(given)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: configOf(parsed.data) }
}

/** What is wrong between variables, each of which may be right by itself. */
function combinationProblems(given: Environment): string[] {
  const problems: string[] = []
  const chat = given.DISCORD_TOKEN !== undefined || slackNames.some((name) => given[name] !== undefined)
  problems.push(...slackProblems(given))
  if (chat && given.IMAGE_API_KEY === undefined && given.IMAGE_API_URL !== 'simulator')
    problems.push('IMAGE_API_KEY is missing: a chat needs it (or set IMAGE_API_URL=simulator to try without)')
  if (
    !chat &&
    given.IMAGE_API_URL !== undefined &&
    given.IMAGE_API_URL !== 'simulator' &&
    given.IMAGE_API_KEY === undefined
  )
    problems.push('IMAGE_API_KEY is missing: IMAGE_API_URL names a service that needs it')
  if (!chat && given.HOST !== undefined && !loopbackHosts.includes(given.HOST))
    problems.push(
      'HOST must be 127.0.0.1 while no chat is configured: the playground spends the key, so only this machine may reach it (set DISCORD_TOKEN or the SLACK_… tokens to serve chats)',
    )
  if (!chat && given.PUBLIC_URL !== undefined && isSafeUrl(given.PUBLIC_URL) && !isLoopbackUrl(given.PUBLIC_URL))
    problems.push(
      'PUBLIC_URL must not be set while no chat is configured: the playground spends the key, so only this machine may reach it',
    )
  if (given.METRICS_PORT !== undefined && given.METRICS_PORT !== '0' && given.METRICS_PORT === (given.PORT ?? '8080'))
    problems.push('METRICS_PORT must differ from PORT')
  return problems
}

const installNames = ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET'] as const
/** Each of these means that Slack is wanted. */
const slackNames = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', ...installNames] as const

/** Slack needs a token or an install page to speak, and sockets or signed requests to hear. */
function slackProblems(given: Environment): string[] {
  if (slackNames.every((name) => given[name] === undefined)) return []
  const problems: string[] = []
  const installs = installNames.filter((name) => given[name] !== undefined)
  if (given.SLACK_APP_TOKEN === undefined && given.SLACK_SIGNING_SECRET === undefined)
    problems.push(
      'SLACK_APP_TOKEN is missing: Slack needs it to be heard (or SLACK_SIGNING_SECRET, to be heard by HTTP)',
    )
  if (given.SLACK_BOT_TOKEN === undefined && installs.length === 0)
    problems.push(
      'SLACK_BOT_TOKEN is missing: Slack needs it (or SLACK_CLIENT_ID and its secrets, for many workspaces)',
    )
  if (given.SLACK_BOT_TOKEN !== undefined && installs.length > 0)
    problems.push(`SLACK_BOT_TOKEN is for one workspace, ${installs.join(', ')} for many: set only one of both`)
  if (given.SLACK_BOT_TOKEN !== undefined || installs.length === 0) return problems
  for (const name of [...installNames, 'SECRETS_KEY', 'PUBLIC_URL'])
    if (given[name] === undefined) problems.push(`${name} is missing: many workspaces of Slack need it`)
  return problems
}

function slackOf(values: Values): Config['slack'] {
  const { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret, SLACK_SOCKETS: sockets } = values
  const access = slackAccess(values)
  const common = { apiUrl: values.SLACK_API_URL }
  if (access === null) return null
  if (appToken !== undefined) return { ...common, access, transport: { kind: 'sockets', appToken, sockets } }
  return signingSecret === undefined ? null : { ...common, access, transport: { kind: 'http', signingSecret } }
}

function slackAccess(values: Values): NonNullable<Config['slack']>['access'] | null {
  const { SLACK_BOT_TOKEN: botToken, SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = values
  const { SLACK_STATE_SECRET: stateSecret, SECRETS_KEY: secretsKey, PUBLIC_URL: publicUrl } = values
  if (botToken !== undefined) return { kind: 'token', botToken }
  if (clientId === undefined || clientSecret === undefined || stateSecret === undefined) return null
  if (secretsKey === undefined || publicUrl === undefined) return null
  return { kind: 'install', clientId, clientSecret, stateSecret, secretsKey, publicUrl }
}

function configOf(values: Values): Config {
  const slack = slackOf(values)
  const chat = values.DISCORD_TOKEN !== undefined || slack !== null
  const { IMAGE_API_URL: url, IMAGE_API_KEY: key } = values
  const loopback =
    loopbackHosts.includes(values.HOST) && (values.PUBLIC_URL === undefined || isLoopbackUrl(values.PUBLIC_URL))
  return {
    discord:
      values.DISCORD_TOKEN === undefined
        ? null
        : {
            token: values.DISCORD_TOKEN,
            apiUrl: values.DISCORD_API_URL,
            userInstall: values.DISCORD_USER_INSTALL === 'on',
          },
    slack,
    playground: !chat,
    imageApi: {
      upstream:
        key === undefined || url === 'simulator' ? 'simulator' : { url: url ?? 'https://apiin.one/api/v1', key },
      model: values.IMAGE_MODEL,
      maxInFlight: values.IMAGE_API_MAX_IN_FLIGHT,
      submitsPerSecond: values.IMAGE_API_SUBMITS_PER_SECOND,
      pollsPerSecond: values.IMAGE_API_POLLS_PER_SECOND,
      looksPerTask: values.LOOKS_PER_TASK,
      callbacks: values.IMAGE_API_CALLBACKS === 'on',
      taskTimeoutMs: values.TASK_TIMEOUT_SECONDS * 1000,
    },
    store:
      values.DATABASE_URL === undefined
        ? { kind: 'sqlite', dataDir: values.DATA_DIR }
        : { kind: 'postgres', url: values.DATABASE_URL },
    dataDir: values.DATA_DIR,
    http: {
      // Brackets are for URLs; what listens takes the bare address.
      host: values.HOST.replace(/^\[(.*)\]$/, '$1'),
      port: values.PORT,
      metricsPort: values.METRICS_PORT,
      publicUrl: values.PUBLIC_URL ?? null,
      loopback,
    },
    allowance: {
      workspaces: values.ALLOWED_WORKSPACES,
      creditsPerDay: values.CREDITS_PER_DAY,
      creditsPerPersonPerDay: values.CREDITS_PER_PERSON_PER_DAY,
      maxRunningPerPerson: values.MAX_RUNNING_PER_PERSON,
    },
    retention: {
      inputsMs: values.INPUT_RETENTION_HOURS * hourMs,
      historyMs: values.HISTORY_RETENTION_DAYS * 24 * hourMs,
    },
    replicaTtlMs: values.REPLICA_TTL_SECONDS * 1000,
    shutdownGraceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
    logLevel: values.LOG_LEVEL,
  }
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || /[?#]/.test(text)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.includes(url.hostname))
}

function isLoopbackUrl(text: string): boolean {
  return URL.canParse(text) && loopbackHosts.includes(new URL(text).hostname)
}

/** The process's environment, with a `.env` file in the working directory where there is one; the environment wins. */
export function readEnvironment(): Environment {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return process.env
}
