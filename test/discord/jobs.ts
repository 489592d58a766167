import type { Job, Json, LiveJob } from '../../src/core/job.ts'
import { requestSchema } from '../../src/core/request.ts'
import { addressOf, type Place } from '../../src/discord/address.ts'
import { heldPicture } from '../../src/media/picture.ts'
import type { Rig } from './rig.ts'
import type { CommandOptions, StoredMessage } from './stand-in.ts'
import { noise, result, startJob } from './views.ts'

interface Made {
  readonly job: Extract<Job, { state: 'delivered' }>
  readonly message: StoredMessage
}

/** A command whose pictures are shown, known to the studio by its id and by its message. */
export async function madeJob(
  rig: Rig,
  { pictures = 1, ...options }: CommandOptions & { readonly pictures?: number; readonly private?: boolean } = {},
): Promise<Made> {
  const { accepted, message } = await startJob(rig, options)
  const files = await Promise.all(Array.from({ length: pictures }, () => noise()))
  const receipt = await rig.show(accepted, result(files.map((bytes) => heldPicture({ type: 'image/png', bytes }))))
  const job: Made['job'] = {
    ...factsOf(rig, accepted.head.jobId),
    ...accepted.ask,
    ...accepted.head,
    state: 'delivered',
    receipt,
    endedAt: 2,
  }
  rig.studio.know(job)
  rig.studio.findWith(async (key) => (key === receipt.messageKey ? job : null))
  return { job, message }
}

/** A command that is still under way. */
export async function liveJob(rig: Rig): Promise<{ readonly job: LiveJob; readonly message: StoredMessage }> {
  const { accepted, message } = await startJob(rig)
  const facts = { ...factsOf(rig, accepted.head.jobId), ...accepted.ask, ...accepted.head }
  const job: LiveJob = { ...facts, state: 'running', receipt: null, ready: null }
  rig.studio.know(job)
  rig.studio.findWith(async (key) => (key === `${message.channelId}:${message.id}` ? job : null))
  return { job, message }
}

/** A job of the past that nobody made here. */
export function pastJob(
  rig: Rig,
  person: Job['person'],
  changes: Partial<Job> & { readonly files?: readonly Json[] },
): Job {
  const { files = [], ...rest } = changes
  const id = rest.id ?? rig.standIn.world.newId()
  const receipt = { address: addressOf(placeIn(rig)), messageKey: null, files }
  const job = {
    ...factsOf(rig, id),
    ...{ surface: 'discord', workspace: rig.standIn.world.guildId, channel: '1', person, locale: 'en-US' },
    ...{ action: 'imagine', parentId: null, inputs: [], omitted: [], address: receipt.address },
    ...{ request: requestSchema.parse({ prompt: 'a fox' }), state: 'delivered', receipt, endedAt: 2, ...rest },
  } as Job
  rig.studio.know(job)
  return job
}

export function placeIn({ standIn: { world } }: Rig): Place {
  return {
    ...{ version: 2, applicationId: world.applicationId, channelId: world.channelOf.guild, messageId: world.newId() },
    ...{ ephemeral: false, guildId: world.guildId, botReaches: true, uploadBytes: 1, replyTo: null, spoiler: false },
    secret: null,
  }
}

function factsOf({ clock }: Rig, id: string) {
  return { id, acceptedAt: clock.now(), cancelledAt: null, tasks: [] }
}
