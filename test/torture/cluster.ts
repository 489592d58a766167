import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

/** A PostgreSQL server of a test's own. */
export interface Cluster extends AsyncDisposable {
  /** Of a superuser's database; the same after each start. */
  readonly url: string
  /** Resolves when it takes connections. */
  start(): Promise<void>
  /** `fast` breaks all connections off, with words; `crash` leaves what was committed to be recovered. */
  stop(how: 'fast' | 'crash'): Promise<void>
}

const signals = { fast: 'SIGINT', crash: 'SIGQUIT' } as const
const run = promisify(execFile)
const startPatienceMs = 60_000

/** Makes one in a temporary directory and starts it; null where this machine has no PostgreSQL to do that with. */
export async function startCluster(): Promise<Cluster | null> {
  const programs = await findPrograms()
  const user = await findUser()
  if (programs === null || user === null) return null
  const as = user === 'us' ? {} : user
  await using building = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'torture-cluster-'))
  building.defer(() => rm(dir, { recursive: true, force: true }))
  if (user !== 'us') await chown(dir, user.uid, user.gid)
  const data = join(dir, 'data')
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'root', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'], {
    ...{ cwd: dir, ...as },
  })
  const postgres = join(programs, 'postgres')
  const port = await freePort()
  const url = `postgres://root@127.0.0.1:${port}/postgres`
  let server: ChildProcess | null = null
  // A parent that ends in any way leaves none behind.
  const killed = () => void server?.kill('SIGQUIT')
  process.on('exit', killed)

  async function start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'shared_buffers=16MB']
    server = spawn(postgres, ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], {
      cwd: dir,
      stdio: 'ignore',
      ...as,
    })
    const until = performance.now() + startPatienceMs
    while (!(await answers(url))) {
      if (performance.now() > until || server.exitCode !== null) throw new Error('PostgreSQL does not start')
      await after(50)
    }
  }

  async function stop(how: 'fast' | 'crash'): Promise<void> {
    if (server === null || server.exitCode !== null) return
    const exited = once(server, 'close')
    server.kill(signals[how])
    await exited
  }

  building.defer(async () => {
    await stop('crash')
    process.off('exit', killed)
  })
  await start()
  const built = building.move()
  return { url, start, stop, [Symbol.asyncDispose]: () => built.disposeAsync() }
}

/** Where `initdb` and `postgres` are: Debian keeps them out of the way, a folder a version. */
async function findPrograms(): Promise<string | null> {
  const root = '/usr/lib/postgresql'
  const versions = (await namesIn(root)).filter((name) => /^\d+$/.test(name))
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'))
  for (const folder of [...debian, ...(process.env.PATH ?? '').split(':')]) {
    const names = await namesIn(folder)
    if (names.includes('initdb') && names.includes('postgres')) return folder
  }
  return null
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

/** PostgreSQL refuses to be run by root: then by the user that its package made. */
async function findUser(): Promise<'us' | { readonly uid: number; readonly gid: number } | null> {
  if (process.getuid?.() !== 0) return 'us'
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)),
    )
    return uid === undefined || gid === undefined ? null : { uid, gid }
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
