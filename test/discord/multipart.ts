/** One part of a multipart body, as it came over the wire. */
export interface Part {
  readonly name: string
  readonly filename: string | null
  readonly contentType: string | null
  readonly bytes: Buffer
}

/** Reads multipart/form-data strictly: what a lenient parser would forgive is an error here. */
export function readMultipart(contentType: string, body: Buffer): Part[] {
  const boundary = /^multipart\/form-data;\s*boundary="?([^";]+)"?$/.exec(contentType)?.[1]
  if (boundary === undefined) throw new Error(`no boundary in ${contentType}`)
  const parts: Part[] = []
  const dashes = Buffer.from(`--${boundary}`)
  if (!body.subarray(0, dashes.length).equals(dashes)) throw new Error('the body does not begin with its boundary')
  let at = dashes.length
  for (;;) {
    const next = body.subarray(at, at + 2).toString('latin1')
    if (next === '--') break
    if (next !== '\r\n') throw new Error('a boundary is not followed by a line break')
    at += 2
    const headEnd = body.indexOf('\r\n\r\n', at)
    if (headEnd === -1) throw new Error('a part has no end of headers')
    const head = body.subarray(at, headEnd).toString('utf8')
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), dashes]), headEnd + 4)
    if (end === -1) throw new Error('a part has no end')
    parts.push(readPart(head, body.subarray(headEnd + 4, end)))
    at = end + 2 + dashes.length
  }
  const rest = body.subarray(at + 2).toString('latin1')
  if (rest !== '' && rest !== '\r\n') throw new Error('something follows the last boundary')
  return parts
}

function readPart(head: string, bytes: Buffer): Part {
  const headers = new Map(
    head.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const disposition = headers.get('content-disposition') ?? ''
  const name = /[;\s]name="([^"]*)"/.exec(disposition)?.[1]
  if (name === undefined) throw new Error('a part has no name')
  return {
    name,
    filename: /filename="([^"]*)"/.exec(disposition)?.[1] ?? null,
    contentType: headers.get('content-type') ?? null,
    bytes,
  }
}
