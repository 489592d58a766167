import { type Attached, type CommandOptions, contentTypeOf, opened } from './invocation.ts'
import { attachmentBody, messageBody, type StoredInteraction, type StoredMessage, type World } from './world.ts'

/** What a person does with Discord's own menus, lists and forms. */
interface Gesture {
  readonly event: object
  readonly interaction: StoredInteraction
}

/** What is put into a form's field, by its label: words, choices, a tick, files. */
export type Entries = Readonly<Record<string, string | boolean | readonly string[] | readonly Attached[]>>

/** A field of a form as its reader sees it. */
export interface Field {
  readonly label: string
  readonly customId: string
  readonly type: number
  readonly value: unknown
  readonly required: boolean
  readonly options: readonly { readonly label: string; readonly value: string; readonly default?: boolean }[]
}

interface Component {
  readonly [key: string]: unknown
}
interface Form {
  readonly custom_id: string
  readonly title: string
  readonly components: readonly { readonly label: string; readonly component: Component }[]
}

export function fieldsOf({ form }: StoredInteraction): { readonly title: string; readonly fields: readonly Field[] } {
  if (form === null) throw new Error('no form was opened')
  const { title, components } = form as Form
  const fields = components.map(({ label, component }) => ({
    ...{ label, customId: String(component.custom_id), type: Number(component.type) },
    value: component.value ?? component.default ?? null,
    required: component.required !== false && component.type !== 23,
    options: (component.options ?? []) as Field['options'],
  }))
  return { title, fields }
}

/** The entry of a message's menu. Discord shows the command the whole message, whatever the intents. */
export function menuEvent(world: World, target: StoredMessage, name: string, options: CommandOptions): Gesture {
  const known = (world.commands as readonly Component[]).some((one) => one.type === 3 && one.name === name)
  if (!known && options.unchecked !== true) throw new Error(`Discord has no menu entry ${name}`)
  const { event, interaction } = opened(world, 2, { channelId: target.channelId, ...options }, null)
  const messages = { [target.id]: messageBody(world, target) }
  const data = { id: world.newId(), name, type: 3, target_id: target.id, resolved: { messages } }
  return { event: { ...event, data }, interaction }
}

/** A choice in a select of a message, by the labels of its options. */
export function pickEvent(
  world: World,
  message: StoredMessage,
  labels: readonly string[],
  options: CommandOptions,
): Gesture {
  const selects = message.components.flatMap(flat).filter(({ type }) => type === 3)
  for (const select of selects) {
    const known = (select.options ?? []) as Field['options']
    const values = labels.map((label) => known.find((one) => one.label === label)?.value)
    if (values.includes(undefined)) continue
    const { event, interaction } = opened(world, 3, { ...options, channelId: message.channelId }, message)
    const data = { component_type: 3, custom_id: select.custom_id, id: 2, values }
    return { event: { ...event, message: messageBody(world, message), data }, interaction }
  }
  throw new Error(`there is nothing to choose ${labels.join()} from`)
}

/** Something typed where suggestions are shown. */
export function typingEvent(
  world: World,
  command: string,
  option: string,
  typed: string,
  options: CommandOptions,
): Gesture {
  const [name, subcommand] = command.split(' ')
  const { event, interaction } = opened(world, 4, options, null)
  const given = [{ name: option, type: 3, value: typed, focused: true }]
  const nested = subcommand === undefined ? given : [{ name: subcommand, type: 1, options: given }]
  return { event: { ...event, data: { id: world.newId(), name, type: 1, options: nested } }, interaction }
}

/** A form filled in and sent; throws what Discord's client would not send. */
export function formEvent(world: World, opener: StoredInteraction, entries: Entries, options: CommandOptions): Gesture {
  const { fields } = fieldsOf(opener)
  const form = opener.form as Form
  for (const label of Object.keys(entries))
    if (!fields.some((field) => field.label === label)) throw new Error(`the form has no field ${label}`)
  const message = world.messages.get(opener.messageId ?? '') ?? null
  const { event, interaction } = opened(world, 5, { channelId: opener.channelId, ...options }, message)
  const attachments: Record<string, object> = {}
  const upload = (file: Attached): string => {
    const stored = world.addFile({
      filename: file.name,
      contentType: file.contentType === undefined ? contentTypeOf(file.name) : file.contentType,
      description: null,
      bytes: Buffer.from(file.bytes),
      channelId: interaction.channelId,
      ephemeral: true,
    })
    attachments[stored.id] = attachmentBody(world, stored)
    return stored.id
  }
  const components = fields.map((field, at) => ({
    ...{ type: 18, id: 2 * at + 1 },
    component: { type: field.type, id: 2 * at + 2, custom_id: field.customId, ...entered(field, entries, upload) },
  }))
  const data = {
    custom_id: form.custom_id,
    components,
    ...(Object.keys(attachments).length > 0 && { resolved: { attachments } }),
  }
  const source = message === null ? {} : { message: messageBody(world, message) }
  return { event: { ...event, ...source, data }, interaction }
}

function entered(field: Field, entries: Entries, upload: (file: Attached) => string): object {
  const given = entries[field.label]
  const refuse = (why: string): never => {
    throw new Error(`Discord’s client does not send this form: ${field.label} ${why}`)
  }
  if (field.type === 4) {
    const value = given === undefined ? String(field.value ?? '') : String(given)
    if (field.required && value === '') refuse('is empty')
    if (value.length > 4000) refuse('is too long')
    return { value }
  }
  if (field.type === 23) return { value: given === undefined ? field.value === true : given === true }
  if (field.type === 19) {
    const files = (given ?? []) as readonly Attached[]
    if (files.length > 10) refuse('has too many files')
    return { values: files.map(upload) }
  }
  const labels = given === undefined ? null : [given].flat().map(String)
  const chosen =
    labels === null
      ? field.options.filter((one) => one.default === true)
      : field.options.filter((one) => labels.includes(one.label))
  if (labels !== null && chosen.length !== labels.length) refuse(`does not offer ${labels.join()}`)
  if (field.required && chosen.length === 0) refuse('is not chosen')
  return { values: chosen.map(({ value }) => value) }
}

/** Everything within a message's components. */
export function flat(node: unknown): Component[] {
  if (typeof node !== 'object' || node === null) return []
  const component = node as Component
  const inner = [component.components, component.accessory].flat()
  return [component, ...inner.flatMap(flat)]
}
