import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { StandIn } from '../discord/stand-in.ts'
import type { Books } from './books.ts'

/**
 * Whether each picture that the chat shows is that of its own task: the simulator's plain pictures have the colour of
 * their task's id.
 */
export async function strangePictures(standIn: StandIn, { tasks }: Books): Promise<readonly string[]> {
  const ids = new Map(tasks.map(({ job, n, task_id }) => [`${job}-${n}`, task_id]))
  const files = [...standIn.world.messages.values()].filter(({ deleted }) => !deleted).flatMap(({ files }) => files)
  const problems: string[] = []
  for (const { filename, bytes } of files) {
    const [, key = ''] = /^imagine-([0-9a-f]+-\d+)\.\w+$/.exec(filename) ?? []
    const id = ids.get(key)
    if (id === undefined || id === null) problems.push(`${filename} is no picture of a task`)
    else if ((await colourOf(bytes)) !== colourFor(id)) problems.push(`${filename} is another task's picture`)
  }
  return problems
}

function colourFor(taskId: string): string {
  return createHash('sha256').update(taskId).digest('hex').slice(0, 6)
}

async function colourOf(bytes: Uint8Array): Promise<string> {
  const corner = { left: 0, top: 0, width: 1, height: 1 }
  return (await sharp(bytes).extract(corner).removeAlpha().raw().toBuffer()).toString('hex')
}
