import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** What is let through at once; small enough to be even, large enough for the timers. */
const pieceMs = 5

/** A way to a port of this machine that carries so many bytes a second in each direction, over all its connections. */
export async function openPacedLink(port: number, bytesPerSecond: number): Promise<number> {
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy())
      carry(from, to, bytesPerSecond).catch(() => to.destroy())
    }
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

async function carry(from: Socket, to: Socket, bytesPerSecond: number): Promise<void> {
  // When the bytes so far are through.
  let freeAt = 0
  for await (const bytes of from) {
    const now = performance.now()
    freeAt = Math.max(freeAt, now) + ((bytes as Uint8Array).length / bytesPerSecond) * 1000
    if (freeAt - now > pieceMs) await after(freeAt - now)
    if (!to.write(bytes)) await once(to, 'drain')
  }
  to.end()
}
