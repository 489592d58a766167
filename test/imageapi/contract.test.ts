import sharp from 'sharp'
import { testImageApi } from '../contract/image-api.ts'
import { type Exchange, json, type Reply, startApiServer } from '../fakes/api-server.ts'

interface Made {
  looks: number
  readonly body: Uint8Array
}

/** The least that speaks the documented API. */
testImageApi({
  create: async () => {
    const key = 'aio_contract'
    const server = await startApiServer()
    const tasks = new Map<string, Made>()
    let submits = 0
    const refuse = (status: number, message: string) =>
      json(status, { error: { code: status, message, type: 'error' } })

    const submit = async (text: string): Promise<Reply> => {
      const { prompt, aspect_ratio, input_urls = [] } = JSON.parse(text)
      if (prompt.length < 3) return refuse(400, 'prompt too short')
      for (const url of input_urls) await fetch(url).then((response) => response.arrayBuffer())
      const [width, height] = aspect_ratio === '2:3' ? [200, 300] : [200, 200]
      submits += 1
      const id = `n42${submits}_gptimg`
      const drawn = sharp({ create: { width, height, channels: 3, background: 'coral' } })
      tasks.set(id, { looks: 0, body: await drawn.png().toBuffer() })
      return json(200, { code: 200, message: 'success', data: { task_id: id, status: 'IN_PROGRESS' } })
    }

    const look = (id: string): Reply => {
      const task = tasks.get(id)
      if (task === undefined) return refuse(404, 'Task not found')
      task.looks += 1
      const output = { image_url: `${server.origin}/files/${id}` }
      return json(200, {
        code: 200,
        data: { task_id: id, ...(task.looks < 3 ? { status: 'IN_PROGRESS' } : { status: 'completed', output }) },
      })
    }

    const route = async ({ seen }: Exchange): Promise<Reply> => {
      const [, folder, last = ''] = /^\/(?:api\/v1\/)?(files|tasks|images)\/(.+)$/.exec(seen.path) ?? []
      if (folder === 'files')
        return ({ response }) => {
          response.writeHead(200).end(tasks.get(last)?.body)
        }
      if (seen.headers.authorization !== `Bearer ${key}`) return refuse(401, 'Invalid API key')
      return folder === 'tasks' ? look(last) : submit(seen.body)
    }
    server.script(async (exchange) => (await route(exchange))(exchange))
    return { baseUrl: `${server.origin}/api/v1`, key, close: server.close }
  },
})
