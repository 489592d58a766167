import {
  type APIAttachment,
  type APIComponentInLabel,
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type APIModalSubmission,
  type APISelectMenuOption,
  ComponentType,
  type ModalSubmitComponent,
  TextInputStyle,
} from 'discord.js'
import { messagesFor } from '../core/messages.ts'
import {
  type AspectRatio,
  aspectRatios,
  type ImageRequestInput,
  type Problem,
  type Quality,
  qualities,
} from '../core/request.ts'
import { parseText } from '../core/text.ts'
import { pictureFiles } from './commands.ts'
import { cut, plain } from './escape.ts'
import * as limits from './limits.ts'
import { chosenShape } from './options.ts'
import { readable } from './spoken.ts'

/** What a form was opened on: pictures kept in a draft, or an earlier job. Its whole state is in the custom_id. */
interface FormOrigin {
  readonly kind: 'draft' | 'job'
  readonly id: string
}

/** A form, about to be shown. */
export interface EditForm {
  readonly origin: FormOrigin
  readonly locale: string
  /** Words to begin with; null asks only for the change. */
  readonly prompt: string | null
  /** What is chosen beforehand; null: nothing. */
  readonly aspectRatio: AspectRatio | null
  readonly quality: Quality
  /** How many pictures there are to choose from; 0 or 1: no choice. */
  readonly pictures: number
  readonly onlyMe: boolean
}

/** A form that somebody sent. */
export interface FormEntry {
  readonly origin: FormOrigin
  readonly input: ImageRequestInput
  readonly problems: readonly Problem[]
  /** The chosen pictures of several, 1-based; null: all there are. */
  readonly picked: readonly number[] | null
  readonly uploads: readonly APIAttachment[]
}

const version = 'f1'
const pattern = new RegExp(`^${version}:(draft|job):([a-z0-9]{1,32})$`)
const ids = { words: 'words', ratio: 'ratio', quality: 'quality', picked: 'picked', files: 'files', onlyMe: 'only_me' }

/** A form has room for five things: whose pictures can be chosen, and who sees the result, take turns. */
export function editForm(form: EditForm): APIModalInteractionResponseCallbackData {
  const { origin, locale, prompt, pictures } = form
  const messages = messagesFor(locale)
  const words = messages.form
  // What would not fit is not cut: half a prompt is another one.
  const filled = prompt !== null && prompt.length <= limits.fieldLength ? prompt : null
  const several = Array.from({ length: pictures }, (_, at) => ({
    ...{ label: messages.nthPicture(at + 1), value: String(at + 1) },
  }))
  const ratios = aspectRatios.map((ratio) => ({
    ...{ label: messages.ratio(ratio), value: ratio, default: ratio === form.aspectRatio },
  }))
  const known = qualities.map((quality) => ({
    ...{ label: messages.quality(quality), value: quality, default: quality === form.quality },
  }))
  return {
    custom_id: `${version}:${origin.kind}:${origin.id}`,
    title: cut(words.edit, limits.titleLength),
    components: [
      label(filled === null ? words.change : words.prompt, {
        type: ComponentType.TextInput,
        custom_id: ids.words,
        style: TextInputStyle.Paragraph,
        max_length: limits.fieldLength,
        placeholder: cut(filled === null ? words.changeHint : words.promptHint, limits.descriptionLength),
        required: true,
        ...(filled !== null && { value: filled }),
      }),
      ...(pictures > 1 ? [label(words.which, select(ids.picked, several, pictures))] : []),
      label(words.aspectRatio, select(ids.ratio, ratios)),
      label(words.quality, select(ids.quality, known)),
      label(
        words.morePictures,
        {
          type: ComponentType.FileUpload,
          custom_id: ids.files,
          min_values: 0,
          max_values: limits.formFiles,
          required: false,
          file_types: [...pictureFiles],
        },
        words.picturesHint,
      ),
      ...(pictures > 1
        ? []
        : [label(words.onlyMe, { type: ComponentType.Checkbox, custom_id: ids.onlyMe, default: form.onlyMe })]),
    ],
  }
}

/** One of our own lists; of several pictures at least one must be chosen. */
function select(custom_id: string, options: readonly APISelectMenuOption[], most = 1): APIComponentInLabel {
  const cutOptions = options.map((option) => ({ ...option, label: cut(option.label, limits.optionLength) }))
  return {
    ...{ type: ComponentType.StringSelect, custom_id, options: cutOptions, required: most > 1 },
    ...(most > 1 && { min_values: 1, max_values: most }),
  }
}

function label(text: string, component: APIComponentInLabel, description?: string): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: cut(text, limits.labelLength),
    ...(description !== undefined && { description: cut(description, limits.descriptionLength) }),
    component,
  }
}

/** Null for a form of another version. */
export function readForm({ custom_id, components, resolved }: APIModalSubmission): FormEntry | null {
  const match = pattern.exec(custom_id)
  const kind = match?.[1]
  const id = match?.[2]
  if ((kind !== 'draft' && kind !== 'job') || id === undefined) return null
  const fields = new Map<string, ModalSubmitComponent>(
    components.flatMap((one) => (one.type === ComponentType.Label ? [[one.component.custom_id, one.component]] : [])),
  )
  const typed = parseText(wordsIn(fields.get(ids.words)))
  const chosen = chosenShape(valuesIn(fields.get(ids.ratio))?.[0], valuesIn(fields.get(ids.quality))?.[0])
  const onlyMe = fields.get(ids.onlyMe)
  const picked = valuesIn(fields.get(ids.picked))
  return {
    origin: { kind, id },
    // The lists begin with a choice of ours: a flag that was typed is the person's own.
    input: {
      ...chosen.input,
      ...(onlyMe?.type === ComponentType.Checkbox && { private: onlyMe.value }),
      ...typed.input,
      prompt: readable(typed.input.prompt, []),
    },
    problems: [...typed.problems, ...chosen.problems],
    picked: picked?.map(Number) ?? null,
    uploads: (valuesIn(fields.get(ids.files)) ?? []).flatMap((file) => resolved?.attachments?.[file] ?? []),
  }
}

function wordsIn(field: ModalSubmitComponent | undefined): string {
  return field?.type === ComponentType.TextInput ? plain(field.value) : ''
}

function valuesIn(field: ModalSubmitComponent | undefined): readonly string[] | null {
  return field !== undefined && 'values' in field ? field.values : null
}
