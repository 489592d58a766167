import { checkBlock, type Fields, fields, type Json, list, type SeenBlocks, text } from './blocks.ts'
import { Refused, type Workspace } from './workspace.ts'

/** A form or a Home tab as a person sees it. Limits: fact sheet, section 2. */
export interface SeenView extends SeenBlocks {
  readonly id: string
  readonly user: string
  readonly callbackId: string
  readonly metadata: string
  readonly title: string
  readonly submit: string
  readonly inputs: readonly SeenInput[]
}

interface SeenInput {
  readonly field: string
  readonly element: string
  readonly label: string
  readonly optional: boolean
  /** What stands there before anybody types. */
  readonly initial: Json
  readonly options: readonly string[]
  readonly definition: Fields
}

/** What somebody enters, by field; what is left out stays as it was. */
export type Entries = Readonly<Record<string, Json>>

interface Trigger {
  readonly user: string
  readonly channel: string | null
  readonly at: number
  used: boolean
}

export type Views = ReturnType<typeof createViews>

const triggerMs = 3_000

export function createViews(
  workspace: Workspace,
  responseUrl: (user: string, channel: string) => string,
  place: () => Fields,
) {
  const triggers = new Map<string, Trigger>()
  const modals: (SeenView & { readonly channel: string | null })[] = []
  const homes = new Map<string, SeenView>()
  let patience = triggerMs

  function trigger(user: string, channel: string | null): string {
    const id = workspace.nextId('T')
    triggers.set(id, { user, channel, at: performance.now(), used: false })
    return id
  }

  function take(id: string): Trigger {
    const found = triggers.get(id)
    if (found === undefined) throw new Refused('invalid_trigger_id')
    if (found.used) throw new Refused('exchanged_trigger_id')
    if (performance.now() - found.at > patience) throw new Refused('expired_trigger_id')
    found.used = true
    return found
  }

  function open(args: Record<string, string>): Fields {
    const { user, channel } = take(args.trigger_id ?? '')
    const view = checked(JSON.parse(args.view ?? '{}') as Fields, 'modal', user, channel)
    modals.push({ ...view, channel })
    return { view: { id: view.id, callback_id: view.callbackId, hash: 'hash' } }
  }

  function publish(args: Record<string, string>): Fields {
    const view = checked(JSON.parse(args.view ?? '{}') as Fields, 'home', args.user_id ?? '', null)
    homes.set(view.user, view)
    return { view: { id: view.id, hash: 'hash' } }
  }

  /** Throws as Slack refuses, and notes it: no view may ever be of a wrong form. */
  function checked(view: Fields, kind: 'modal' | 'home', user: string, channel: string | null): SeenView {
    const problems: string[] = []
    const say = (problem: string) => problems.push(problem)
    const seen: SeenBlocks = { lines: [], images: [], buttons: [] }
    const markup: string[] = []
    const blocks = list(view.blocks).map(fields)
    const inputs = blocks.filter(({ type }) => type === 'input').map((block) => readInput(block, channel, say))
    if (view.type !== kind) say(`a view of type ${text(view.type)}`)
    if (blocks.length === 0 || blocks.length > 100) say(`${blocks.length} blocks`)
    if (JSON.stringify(view).length > 250_000) say('view_too_large')
    if (text(view.callback_id).length > 255 || text(view.private_metadata).length > 3_000) say('metadata')
    if (kind === 'modal') checkFrame(view, inputs.length > 0, say)
    if (kind === 'home' && inputs.length > 0) say('an input in Home')
    const ids = blocks.map(({ block_id: id }) => text(id)).filter((id) => id !== '')
    if (new Set(ids).size !== ids.length) say('block_id used twice')
    if (blocks.filter((block) => fields(block.element).response_url_enabled === true).length > 1)
      say('two fields with response URLs')
    for (const block of blocks) if (block.type !== 'input') checkBlock(block, say, seen, markup)
    workspace.violations.push(...problems)
    const refused = [
      ...problems,
      ...seen.images.filter(({ id }) => !isShown(id)).map(({ id }) => `invalid slack file ${id}`),
    ]
    if (refused.length > 0)
      throw new Refused('invalid_arguments', {
        response_metadata: { messages: refused.map((problem) => `[ERROR] ${problem}`) },
      })
    workspace.pings.push(...markup.flatMap((words) => words.match(/<(?:!(?!date\^)|@)[^>]*>/g) ?? []))
    return {
      ...{ id: workspace.nextId('V'), user, ...seen, inputs },
      ...{ callbackId: text(view.callback_id), metadata: text(view.private_metadata) },
      ...{ title: text(fields(view.title).text), submit: text(fields(view.submit).text) },
    }
  }

  function isShown(id: string): boolean {
    return id === '' || workspace.files.get(id)?.completed === true
  }

  function readInput(block: Fields, channel: string | null, say: (problem: string) => void): SeenInput {
    const element = fields(block.element)
    const type = text(element.type)
    const words = text(fields(block.label).text)
    const options = list(element.options).map(fields)
    if (fields(block.label).type !== 'plain_text' || words === '' || words.length > 2_000) say('label')
    if (text(block.block_id) === '' || text(element.action_id) === '') say('an input without ids')
    for (const option of options) {
      const { length } = text(fields(option.text).text)
      if (length === 0 || length > 75 || text(option.value) === '' || text(option.value).length > 75) say('option')
    }
    const most = { static_select: 100, radio_buttons: 10, checkboxes: 10 }[type]
    if (most !== undefined && (options.length === 0 || options.length > most)) say(`${options.length} options`)
    return {
      ...{ field: text(block.block_id), element: type, label: words, optional: block.optional === true },
      ...{ initial: initialOf(element, channel, say), options: options.map(({ value }) => text(value)) },
      definition: element,
    }
  }

  function initialOf(element: Fields, channel: string | null, say: (problem: string) => void): Json {
    switch (element.type) {
      case 'plain_text_input': {
        const initial = text(element.initial_value)
        if (Number(element.max_length ?? 3_000) > 3_000) say('max_length')
        if (initial.length > Number(element.max_length ?? 3_000)) say('initial_value too long')
        if (text(fields(element.placeholder).text).length > 150) say('placeholder')
        return initial
      }
      case 'static_select':
      case 'radio_buttons': {
        const initial = fields(element.initial_option)
        const known = list(element.options).some((option) => JSON.stringify(option) === JSON.stringify(initial))
        if (element.initial_option !== undefined && !known) say('an initial option that is none of the options')
        return element.initial_option === undefined ? null : text(initial.value)
      }
      case 'checkboxes':
        return []
      case 'conversations_select':
        return element.default_to_current_conversation === true ? channel : null
      case 'file_input':
        if (Number(element.max_files ?? 10) < 1 || Number(element.max_files ?? 10) > 10) say('max_files')
        return []
      default:
        say(`unknown element ${text(element.type)}`)
        return null
    }
  }

  /** What Slack sends when somebody presses the form's button, or what it says to that person instead. */
  function submission(view: SeenView, entries: Entries): Fields {
    const unknown = Object.keys(entries).filter((field) => !view.inputs.some((input) => input.field === field))
    if (unknown.length > 0) throw new Error(`the form has no field ${unknown.join(', ')}`)
    const given = view.inputs.map((input) => ({ input, value: entries[input.field] ?? input.initial }))
    const values = Object.fromEntries(
      given.map(({ input, value }): [string, Json] => [
        input.field,
        { [text(input.definition.action_id)]: stateOf(input, value) },
      ]),
    )
    const urls = given
      .filter(({ input, value }) => input.definition.response_url_enabled === true && typeof value === 'string')
      .map(({ input, value }) => ({
        ...{ block_id: input.field, action_id: text(input.definition.action_id), channel_id: text(value) },
        response_url: responseUrl(view.user, text(value)),
      }))
    return {
      ...{ type: 'view_submission', api_app_id: 'A0IMAGINE', ...place() },
      ...{ user: { id: view.user, username: view.user.toLowerCase() } },
      ...{ trigger_id: trigger(view.user, null), response_urls: urls },
      view: {
        ...{ id: view.id, type: 'modal', callback_id: view.callbackId, private_metadata: view.metadata },
        ...{ hash: 'hash', state: { values } },
      },
    }
  }

  function stateOf({ element, field, optional, definition, options }: SeenInput, value: Json): Fields {
    const option = (chosen: Json) => {
      if (!options.includes(text(chosen))) throw new Error(`${field} has no option ${text(chosen)}`)
      return { text: { type: 'plain_text', text: text(chosen) }, value: text(chosen) }
    }
    switch (element) {
      case 'plain_text_input':
        if (text(value).length > Number(definition.max_length ?? 3_000)) throw new Error(`${field} is too long`)
        if (text(value) === '' && !optional) throw new Error(`${field} must be filled in`)
        return { type: element, value: text(value) === '' ? null : text(value) }
      case 'checkboxes':
        return { type: element, selected_options: list(value).map(option) }
      case 'conversations_select':
        return { type: element, selected_conversation: value }
      case 'file_input':
        if (list(value).length > Number(definition.max_files ?? 10)) throw new Error(`${field} takes no more files`)
        return {
          type: element,
          files: list(value).map((id) => {
            const file = workspace.files.get(text(id))
            return { id: text(id), name: file?.name ?? '', mimetype: file?.mimetype ?? '' }
          }),
        }
      default:
        return { type: element, selected_option: value === null ? null : option(value) }
    }
  }

  /** What the ack of a form does: gives the words under its fields; without any it is closed. */
  function acked(view: SeenView, payload: Fields): Fields {
    if (payload.response_action === 'errors') {
      const errors = fields(payload.errors)
      for (const field of Object.keys(errors))
        if (!view.inputs.some((input) => input.field === field)) workspace.violations.push(`an error at ${field}`)
      return errors
    }
    if (Object.keys(payload).length > 0) workspace.violations.push(`a form acked with ${JSON.stringify(payload)}`)
    const at = modals.findIndex(({ id }) => id === view.id)
    if (at >= 0) modals.splice(at, 1)
    return {}
  }

  return {
    ...{ trigger, open, publish, submission, acked },
    modals: (user: string): readonly SeenView[] => modals.filter((view) => view.user === user),
    home: (user: string): SeenView | null => homes.get(user) ?? null,
    /** From now on triggers live only so long. */
    hurry: (ms: number): void => {
      patience = ms
    },
  }
}

function checkFrame(view: Fields, hasInputs: boolean, say: (problem: string) => void): void {
  for (const part of ['title', 'submit', 'close']) {
    if (view[part] === undefined) continue
    const words = fields(view[part])
    if (words.type !== 'plain_text' || text(words.text) === '' || text(words.text).length > 24) say(part)
  }
  if (view.title === undefined) say('a modal without a title')
  if (hasInputs && view.submit === undefined) say('inputs without a submit button')
}
