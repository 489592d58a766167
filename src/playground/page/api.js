const firstWaitMs = 1_000
const longestWaitMs = 10_000
const uploadTries = 4

/**
 * Posts a message until there is an answer. It carries its own id, so that posting it again is still one request;
 * `onWait` is called before each wait.
 */
export async function postMessage(message, onWait) {
  return persist(
    () =>
      fetch('/playground/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
      }),
    Number.POSITIVE_INFINITY,
    onWait,
  )
}

/** Uploads a picture. Gives `{ id }`, or `{ notices }` where it will not do. */
export function postPicture(file) {
  return persist(
    () => fetch(`/playground/pictures?name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file }),
    uploadTries,
    () => {},
  )
}

/** Asks to stop a job; gives what there is to say. */
export function postCancel(jobId) {
  return persist(
    () => fetch(`/playground/jobs/${encodeURIComponent(jobId)}/cancel`, { method: 'POST' }),
    uploadTries,
    () => {},
  )
}

export async function fetchEarlier(before) {
  const answer = await fetch(`/playground/messages?before=${encodeURIComponent(before)}`)
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  return answer.json()
}

/** The answer's JSON, and whether it was a yes; null when there was none to be had. */
async function persist(attempt, tries, onWait) {
  for (let tried = 1; ; tried += 1) {
    const answer = await attempt().catch(() => null)
    // 5xx: the server is starting or stopping; the same request may do a moment later.
    if (answer !== null && answer.status < 500) {
      const body = await answer.json().catch(() => null)
      return { ok: answer.ok, notices: [], ...body }
    }
    if (tried >= tries) return null
    onWait()
    await pause(Math.min(firstWaitMs * 2 ** (tried - 1), longestWaitMs))
  }
}

const waiting = new Set()

/** Cuts every wait short: the server is back. */
export function tryNow() {
  for (const go of waiting) go()
}

async function pause(ms) {
  const { promise, resolve } = Promise.withResolvers()
  waiting.add(resolve)
  const timer = setTimeout(resolve, ms)
  await promise
  clearTimeout(timer)
  waiting.delete(resolve)
}
