/** One file of a multipart body. Its bytes are not held: they are asked for when the body is sent, again for each try. */
export interface FilePart {
  /** ASCII letters, digits, `-`, `_` and `.` only: it stands in a header as it is. */
  readonly name: string
  readonly type: string
  /** In bytes, exactly. */
  readonly size: number
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

export interface Multipart {
  readonly contentType: string
  /** In bytes, exactly. */
  readonly length: number
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>
}

/**
 * Discord's form: part `payload_json`, then `files[0]`, `files[1]`, … (D reference, Uploading files). discord.js would hold
 * each file three times over. `boundary` must be unguessable.
 */
export function multipart(payload: object, files: readonly FilePart[], boundary: string): Multipart {
  const json = encode(
    `--${boundary}\r\nContent-Disposition: form-data; name="payload_json"\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(payload)}\r\n`,
  )
  const heads = files.map(({ name, type }, at) =>
    encode(
      `--${boundary}\r\nContent-Disposition: form-data; name="files[${at}]"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
  )
  const lineEnd = encode('\r\n')
  const tail = encode(`--${boundary}--\r\n`)

  async function* stream(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield json
    for (const [at, file] of files.entries()) {
      yield heads[at] ?? tail
      yield* await file.open(signal)
      yield lineEnd
    }
    yield tail
  }

  const filesLength = files.reduce((sum, { size }, at) => sum + (heads[at]?.length ?? 0) + size + lineEnd.length, 0)
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: json.length + filesLength + tail.length,
    stream,
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
