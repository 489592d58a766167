/**
 * Discord's rules that its OpenAPI document does not know (fact sheet, section 16), and this project's own: nothing that the bot
 * says may ping.
 */

interface Loose {
  readonly [key: string]: unknown
}

const v2Flag = 32_768
const ephemeralFlag = 64
const v2Types: ReadonlySet<number> = new Set([9, 10, 11, 12, 13, 14, 17])

export interface MessageContext {
  /** Names of the parts `files[n]`, by n. */
  readonly files: ReadonlyMap<number, string>
  /** Ids of the files that the message has already. */
  readonly existing: ReadonlySet<string>
  readonly isEdit: boolean
  readonly flags: number
}

/** What is wrong with a message body. */
export function messageProblems(body: unknown, context: MessageContext): string[] {
  if (!isLoose(body)) return ['the message is no object']
  return [
    ...contentProblems(body),
    ...mentionProblems(body),
    ...componentProblems(body, context),
    ...attachmentProblems(body, context),
    ...embedProblems(body, context),
  ]
}

function contentProblems(body: Loose): string[] {
  const { content } = body
  return typeof content === 'string' && [...content].length > 2000 ? ['content is longer than 2000 characters'] : []
}

function mentionProblems(body: Loose): string[] {
  const { allowed_mentions: allowed } = body
  if (!isLoose(allowed)) return ['allowed_mentions is missing: Discord falls back to its default']
  const parse = allowed.parse
  return Array.isArray(parse) && parse.length === 0 ? [] : ['allowed_mentions.parse is not empty']
}

function componentProblems(body: Loose, context: MessageContext): string[] {
  const top = Array.isArray(body.components) ? body.components.filter(isLoose) : []
  const all = top.flatMap(flat)
  const problems: string[] = []
  const isV2 = ((typeof body.flags === 'number' ? body.flags : context.flags) & v2Flag) !== 0
  if (isV2 && typeof body.content === 'string' && body.content !== '')
    problems.push('content together with components v2')
  if (isV2 && Array.isArray(body.embeds) && body.embeds.length > 0) problems.push('embeds together with components v2')
  if (!isV2 && all.some(({ type }) => v2Types.has(Number(type)))) problems.push('components v2 without their flag')
  if (!isV2 && top.length > 5) problems.push('more than 5 rows')
  if (all.length > 40) problems.push('more than 40 components')
  const text = all.reduce((sum, { type, content }) => sum + (Number(type) === 10 ? String(content).length : 0), 0)
  if (text > 4000) problems.push('more than 4000 characters of text in components')
  const ids = all.flatMap(({ custom_id: id }) => (typeof id === 'string' ? [id] : []))
  if (new Set(ids).size < ids.length) problems.push('two components with the same custom_id')
  for (const component of all) problems.push(...oneComponentProblems(component))
  return problems
}

function oneComponentProblems(component: Loose): string[] {
  const { type, style, custom_id: customId, url, label, emoji, components } = component
  if (type === 2 && style === 5 && (typeof url !== 'string' || customId !== undefined))
    return ['a link button has a url and no custom_id']
  if (type === 2 && style !== 5 && style !== 6 && typeof customId !== 'string') return ['a button without custom_id']
  if (type === 2 && !label && emoji === undefined && style !== 6) return ['a button without a label']
  if (type === 1 && Array.isArray(components)) {
    const selects = components.filter((one) => isLoose(one) && one.type !== 2).length
    if (selects > 0 && components.length > 1) return ['a select shares its row']
  }
  return []
}

function attachmentProblems(body: Loose, { files, existing }: MessageContext): string[] {
  const problems: string[] = []
  const list = Array.isArray(body.attachments) ? body.attachments.filter(isLoose) : null
  if (files.size > 0 && list === null) return ['files without attachments: what stays is not said']
  const ids = (list ?? []).map(({ id }) => String(id))
  if (new Set(ids).size < ids.length) problems.push('two attachments with the same id')
  for (const id of ids)
    if (!existing.has(id) && !files.has(Number(id)))
      problems.push(`attachment ${id} names no uploaded and no earlier file`)
  for (const n of files.keys()) if (!ids.includes(String(n))) problems.push(`files[${n}] is not in attachments`)
  for (const attachment of list ?? []) {
    const name = files.get(Number(attachment.id))
    if (name !== undefined && attachment.filename !== undefined && attachment.filename !== name)
      problems.push('attachments and the uploaded part disagree on the file name')
  }
  const names = [...files.values()]
  if (new Set(names).size < names.length) problems.push('two files with the same name')
  for (const name of names) if (!/^[A-Za-z0-9_.-]+$/.test(name)) problems.push(`file name ${name} is not plain ASCII`)
  return problems
}

function embedProblems(body: Loose, { files }: MessageContext): string[] {
  const embeds = Array.isArray(body.embeds) ? body.embeds : []
  const problems: string[] = []
  if (textLength(embeds) > 6000) problems.push('more than 6000 characters in embeds')
  const names = new Set(files.values())
  for (const [, name] of JSON.stringify([embeds, body.components ?? []]).matchAll(/attachment:\/\/([^"\\]+)/g))
    if (!names.has(name ?? '')) problems.push(`attachment://${name} names no uploaded file`)
  return problems
}

function textLength(embeds: readonly unknown[]): number {
  return embeds.filter(isLoose).reduce((sum, embed) => {
    const fields = Array.isArray(embed.fields) ? embed.fields.filter(isLoose) : []
    const nested = [embed.footer, embed.author].filter(isLoose)
    const texts = [embed.title, embed.description, ...nested.flatMap(({ text, name }) => [text, name])]
    return (
      sum +
      [...texts, ...fields.flatMap(({ name, value }) => [name, value])]
        .filter((text) => typeof text === 'string')
        .reduce((length, text) => length + text.length, 0)
    )
  }, 0)
}

/** Whether a message would be empty: 50006. */
export function isEmptyMessage(body: unknown, fileCount: number): boolean {
  if (!isLoose(body)) return true
  const has = (value: unknown) => Array.isArray(value) && value.length > 0
  const { content, embeds, components, sticker_ids: stickers, poll } = body
  return !content && !has(embeds) && !has(components) && !has(stickers) && !poll && fileCount === 0
}

/** What is wrong with an answer to an interaction of this type. */
export function callbackProblems(body: unknown, interactionType: number, files: ReadonlyMap<number, string>): string[] {
  if (!isLoose(body)) return ['the callback is no object']
  const { type, data } = body
  const forComponent = interactionType === 3
  if ((type === 6 || type === 7) && !forComponent && interactionType !== 5)
    return [`callback ${type} answers no component`]
  if (type === 8 && interactionType !== 4) return ['choices answer no autocomplete']
  if (type !== 8 && interactionType === 4) return ['an autocomplete takes choices only']
  if (type === 9 && interactionType === 5) return ['a form can’t answer a form']
  if (type === 5 && isLoose(data)) {
    const others = Object.keys(data).filter((key) => key !== 'flags')
    if (others.length > 0) return [`a defer takes flags alone, not ${others.join(', ')}`]
    if (data.flags !== undefined && data.flags !== ephemeralFlag && data.flags !== 0)
      return ['a defer accepts exactly one flag: EPHEMERAL']
  }
  if (type === 9) return modalProblems(data)
  if (type === 4 || type === 7)
    return messageProblems(data, { files, existing: new Set(), isEdit: type === 7, flags: 0 })
  return []
}

function modalProblems(data: unknown): string[] {
  if (!isLoose(data) || !Array.isArray(data.components)) return ['a form without components']
  const problems: string[] = []
  if (data.components.length < 1 || data.components.length > 5) problems.push('a form has 1 to 5 components')
  const fields = data.components.filter(isLoose).flatMap(({ component }) => (isLoose(component) ? [component] : []))
  const ids = fields.map(({ custom_id: id }) => id)
  if (new Set(ids).size < ids.length) problems.push('two fields with the same custom_id')
  for (const { type, required, min_values: least, value, max_length: most, options } of fields) {
    if (least === 0 && required !== false) problems.push('a required field with no least number of values')
    if (type === 4 && typeof value === 'string' && value.length > Number(most ?? 4000))
      problems.push('a field begins with more words than it takes')
    if (Array.isArray(options) && options.filter((one) => isLoose(one) && one.default === true).length > 1)
      problems.push('two defaults of a single choice')
  }
  for (const component of data.components.filter(isLoose))
    if (component.type !== 18 && component.type !== 10) problems.push('a form’s components are labels or text')
  return problems
}

/** What is wrong with a list of application commands. */
export function commandProblems(body: unknown): string[] {
  if (!Array.isArray(body)) return ['commands are a list']
  const commands = body.filter(isLoose)
  const keys = commands.map(({ type, name }) => `${type ?? 1}:${name}`)
  return [
    ...(new Set(keys).size < keys.length ? ['two commands with the same name'] : []),
    ...commands.flatMap((command) => {
      const slash = (command.type ?? 1) === 1
      return [
        ...(slash && !isCommandName(command.name) ? [`command name ${command.name}`] : []),
        ...(slash && !command.description ? [`${command.name} has no description`] : []),
        ...(wordCount(command) > 8000 ? [`${command.name} has more than 8000 characters`] : []),
        ...optionProblems(Array.isArray(command.options) ? command.options.filter(isLoose) : []),
      ]
    }),
  ]
}

function optionProblems(options: readonly Loose[]): string[] {
  const names = options.map(({ name }) => name)
  const problems: string[] = []
  if (new Set(names).size < names.length) problems.push('two options with the same name')
  const firstOptional = options.findIndex(({ required }) => required !== true)
  const lastRequired = options.findLastIndex(({ required }) => required === true)
  if (firstOptional !== -1 && lastRequired > firstOptional) problems.push('a required option after an optional one')
  for (const option of options) {
    const { name, choices, autocomplete, type, options: inner } = option
    if (!isCommandName(name)) problems.push(`option name ${name}`)
    if (Array.isArray(choices) && autocomplete === true) problems.push(`${name} has choices and autocomplete`)
    if (Array.isArray(choices) && type !== 3 && type !== 4 && type !== 10) problems.push(`${name} can’t have choices`)
    for (const choice of Array.isArray(choices) ? choices.filter(isLoose) : [])
      if (String(choice.value).length > 100) problems.push(`a choice of ${name} is longer than 100`)
    if (Array.isArray(inner)) problems.push(...optionProblems(inner.filter(isLoose)))
  }
  return problems
}

function isCommandName(name: unknown): boolean {
  return typeof name === 'string' && /^[-_'\p{L}\p{N}]{1,32}$/u.test(name) && name === name.toLowerCase()
}

/** Names, descriptions and values; of localisations only the longest of each field. */
function wordCount(node: Loose): number {
  const field = (name: string) => {
    const localised = node[`${name}_localizations`]
    const others = isLoose(localised) ? Object.values(localised).map((text) => String(text).length) : []
    return Math.max(typeof node[name] === 'string' ? String(node[name]).length : 0, ...others)
  }
  const value = typeof node.value === 'string' ? node.value.length : 0
  const inner = [node.options, node.choices].filter(Array.isArray).flat().filter(isLoose)
  return field('name') + field('description') + value + inner.reduce((sum, one) => sum + wordCount(one), 0)
}

function flat(component: Loose): Loose[] {
  const inner = [component.components, component.items].filter(Array.isArray).flat()
  const single = [component.accessory, component.component].filter(isLoose)
  return [component, ...[...inner, ...single].filter(isLoose).flatMap(flat)]
}

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
