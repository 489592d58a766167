import { AppError } from '../core/failure.ts'
import type { Engine, Session } from './engine.ts'

/**
 * The schema, step by step: the place in the list is the version. A step that was released is never changed; a new one
 * only adds, so that replicas of the version before go on beside it.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `create table jobs (
      id text primary key,
      event_key text not null unique,
      surface text not null,
      workspace text not null,
      channel text not null,
      person_id text not null,
      person_name text not null,
      locale text not null,
      action text not null,
      parent_id text,
      request text not null,
      inputs text not null,
      ready text,
      state text not null,
      owner text,
      address text not null,
      secret text,
      secret_until bigint,
      message_key text,
      files text,
      failure text,
      accepted_at bigint not null,
      cancelled_at bigint,
      ended_at bigint
    )`,
    // Live jobs: exactly those without an end.
    'create index jobs_live on jobs (accepted_at, owner, surface) where ended_at is null',
    // The surface last of what is equal: there are few, so an index that began with it would be chosen and tell nothing.
    'create index jobs_message on jobs (message_key, surface) where message_key is not null',
    'create index jobs_of_workspace on jobs (workspace, surface, accepted_at, id)',
    'create index jobs_of_person on jobs (person_id, workspace, surface, accepted_at, id)',
    'create index jobs_secret on jobs (secret_until) where secret is not null',
    `create table tasks (
      job text not null references jobs (id) on delete cascade,
      n bigint not null,
      state text not null,
      task_id text,
      submitted_at bigint,
      slot_until bigint,
      urls text,
      failure text,
      ended_at bigint,
      primary key (job, n)
    )`,
    'create index tasks_slots on tasks (state, slot_until) where slot_until is not null',
    // No reference to jobs: the books outlive the history.
    `create table ledger (
      job text not null,
      n bigint not null,
      kind text not null,
      account text not null,
      credits bigint not null,
      at bigint not null,
      primary key (job, n, kind)
    )`,
    `create unique index ledger_resolved on ledger (job, n) where kind in ('capture', 'refund')`,
    `create table accounts (
      scope text not null,
      day bigint not null,
      spent bigint not null,
      primary key (scope, day)
    )`,
    `create table limits (
      key text primary key,
      tat bigint not null
    )`,
    `insert into limits (key, tat) values ('submit', 0)`,
    `create table replicas (
      id text primary key,
      beat bigint not null,
      polling bigint not null,
      surfaces text not null
    )`,
    `create table drafts (
      id text primary key,
      draft text not null,
      expires_at bigint not null
    )`,
    'create index drafts_expiry on drafts (expires_at)',
    `create table vault (
      name text primary key,
      value text not null
    )`,
    // One row a put; those without a size are still being written. The newest written one of an id is its picture.
    `create table inputs (
      blob text primary key,
      id text not null,
      type text not null,
      size bigint,
      written_at bigint,
      expires_at bigint not null
    )`,
    'create index inputs_of_id on inputs (id, written_at)',
    'create index inputs_expiry on inputs (expires_at)',
    `create table chunks (
      blob text not null references inputs (blob) on delete cascade,
      n bigint not null,
      bytes @bytes not null,
      primary key (blob, n)
    )`,
  ],
  [
    'alter table jobs add column source text',
    // One live job of what was pressed: a second press at the same moment meets it here.
    `create unique index jobs_source on jobs (person_id, source, workspace, surface)
      where source is not null and ended_at is null`,
    'create index jobs_cancelled on jobs (owner) where cancelled_at is not null and ended_at is null',
    'create index jobs_ended on jobs (ended_at) where ended_at is not null',
    `create index jobs_abandoned on jobs (ended_at) where state = 'abandoned'`,
    `create index tasks_planned on tasks (job, n) where state = 'planned'`,
    `create index tasks_failed on tasks (ended_at) where state = 'failed'`,
    `create index accounts_days on accounts (day) where scope <> 'all'`,
  ],
  [`alter table jobs add column omitted text not null default '[]'`, 'alter table jobs add column erased_at bigint'],
  // A person's live jobs, counted at each begin: beside a history of any length.
  ['create index jobs_live_of_person on jobs (person_id, workspace, surface) where ended_at is null'],
  [
    `create table durations (
      class text primary key,
      learned text not null
    )`,
  ],
]

/** The version that this program writes. */
const schemaVersion = migrations.length

/**
 * Brings the schema up to `steps`, one process at a time. Throws `configuration` where it is newer than that: an older
 * program must not write into it.
 */
export async function migrate(engine: Engine, steps: readonly (readonly string[])[] = migrations): Promise<void> {
  await engine.withLock('migrations', () =>
    engine.transaction(async (session) => {
      await session.run('create table if not exists meta (key text primary key, value text not null)')
      const version = await readVersion(session)
      refuseNewer(version, steps.length)
      for (const statement of steps.slice(version).flat()) await session.run(statement)
      if (version < steps.length)
        await session.run(
          `insert into meta (key, value) values ('schema_version', $1)
            on conflict (key) do update set value = excluded.value`,
          [String(steps.length)],
        )
    }, 'unhurried'),
  )
}

/**
 * Whether a database can be read as it is: for who must not change it. Throws `configuration`, in words, where its schema
 * is not the one that this program knows.
 */
export async function checkSchema(session: Session): Promise<void> {
  const version = await readVersion(session).catch((error: unknown) => {
    // There is no such table.
    if (error instanceof AppError && error.code === 'internal') return 0
    throw error
  })
  refuseNewer(version, schemaVersion)
  if (version < schemaVersion)
    throw new AppError('configuration', {
      detail:
        version === 0
          ? 'the database is empty: this program has not run on it yet'
          : `the database is of an older version of this program (schema ${version}, this one knows ${schemaVersion}): start the program once, then try again`,
    })
}

async function readVersion(session: Session): Promise<number> {
  const [row] = await session.run(`select value from meta where key = 'schema_version'`)
  return row === undefined ? 0 : Number(row.value)
}

function refuseNewer(version: number, known: number): void {
  if (version > known)
    throw new AppError('configuration', {
      detail: `the database was written by a newer version of this program (schema ${version}, this one knows ${known}): start that version or a newer one`,
    })
}
