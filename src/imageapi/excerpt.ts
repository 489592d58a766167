/** Longest text of the API that is kept, in characters. */
const textChars = 160
/** Longest outline that is logged, in characters. */
const outlineChars = 400

/**
 * Foreign words as they may be logged and stored: cut short, without the secrets given, without what stands in quotes
 * (there the API repeats what a person typed) and without URLs' queries (there signatures stand).
 */
export function excerpt(text: string, secrets: readonly string[]): string {
  return withoutSecrets(text, secrets)
    .replace(/(?<!\p{L})(["'`“‘«]).*?["'`”’»](?!\p{L})/gu, '$1…$1')
    .replace(/\?[^\s"']*/g, '?…')
    .replace(/\p{C}+/gu, ' ')
    .slice(0, textChars)
}

// Fields whose short values help and hold nothing of a person's.
const toldFields: ReadonlySet<string> = new Set(['code', 'status', 'state', 'task_status', 'type', 'success'])

/** What an answer looked like, for the log: of JSON the names and hardly a value, of anything else the beginning. */
export function outline(text: string | null, json: unknown, secrets: readonly string[]): string {
  if (text === null) return 'broken off or too large'
  if (json === undefined) return excerpt(text, secrets)
  return withoutSecrets(shape(json, '', 0), secrets).slice(0, outlineChars)
}

function shape(value: unknown, name: string, depth: number): string {
  if (typeof value === 'string')
    return toldFields.has(name) && /^[\w.-]{0,40}$/.test(value) ? `"${value}"` : `text(${value.length})`
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === 4) return '…'
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shape(value[0], '', depth + 1)} ×${value.length}]`
  const fields = Object.entries(value).slice(0, 20)
  return `{${fields.map(([key, field]) => `${key.slice(0, 40)}:${shape(field, key, depth + 1)}`).join(',')}}`
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '…').replaceAll(JSON.stringify(secret).slice(1, -1), '…'), text)
}
