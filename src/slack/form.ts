import type { types } from '@slack/bolt'
import { type Messages, messagesFor } from '../core/messages.ts'
import { aspectRatios, countsAllowed, type ImageRequest, qualities, requestLimits } from '../core/request.ts'
import { plainWords } from './escape.ts'
import { type FormSubject, writeSubject } from './form-subject.ts'
import { cut, slackLimits } from './limits.ts'

/** What stands in a form when it opens. */
export type Prefilled = Pick<ImageRequest, 'prompt' | 'aspectRatio' | 'quality' | 'count'>

export const formCallbacks = { create: 'imagine_create', edit: 'imagine_edit' } as const

/** The fields, by their block ids. */
export const fields = {
  prompt: 'prompt',
  aspectRatio: 'aspect_ratio',
  quality: 'quality',
  count: 'count',
  pictures: 'pictures',
  where: 'where',
  onlyMe: 'only_me',
} as const

/** Every field has one element, so its name says nothing. */
export const elementId = 'value'

const empty: Prefilled = { prompt: '', aspectRatio: '1:1', quality: 'medium', count: 1 }
/** Slack does not say which language a person reads. */
const locale = 'en'

/** The form for a new picture. */
export function createForm(subject: FormSubject): types.ModalView {
  const messages = messagesFor(locale)
  const { form } = messages
  return {
    ...frame(formCallbacks.create, form.create, form.submitCreate, subject, messages),
    blocks: [
      prompt(form.prompt, form.promptHint, empty.prompt),
      ...options(empty, messages),
      files(requestLimits.inputs, messages),
      {
        ...input(fields.where, form.where, true),
        element: {
          type: 'conversations_select',
          action_id: elementId,
          default_to_current_conversation: true,
          response_url_enabled: true,
        },
      },
      ...onlyMe(messages),
    ],
  }
}

/** The form for a change of pictures. */
export function editForm(subject: FormSubject, prefilled: Prefilled | null): types.ModalView {
  const messages = messagesFor(locale)
  const { form } = messages
  const given = prefilled ?? empty
  const left = requestLimits.inputs - subject.files.length - (subject.parent?.pictures ?? 0)
  return {
    ...frame(formCallbacks.edit, form.edit, form.submitEdit, subject, messages),
    blocks: [
      // With the words of before in it, the field is for those of the new picture.
      given.prompt === ''
        ? prompt(form.change, form.changeHint, '')
        : prompt(form.prompt, form.promptHint, given.prompt),
      ...named(subject, messages),
      ...options(given, messages),
      ...(left > 0 ? [files(left, messages)] : []),
      ...(subject.private ? [] : onlyMe(messages)),
    ],
  }
}

function frame(callback: string, title: string, submit: string, subject: FormSubject, { form }: Messages) {
  return {
    type: 'modal' as const,
    callback_id: callback,
    title: plain(title),
    submit: plain(submit),
    close: plain(form.close),
    private_metadata: writeSubject(subject),
  }
}

function prompt(label: string, hint: string, initial: string): types.KnownBlock {
  // What does not fit is left out: half of a prompt would be another one.
  const fits = initial !== '' && initial.length <= slackLimits.inputText
  return {
    ...input(fields.prompt, label, false),
    element: {
      type: 'plain_text_input',
      action_id: elementId,
      multiline: true,
      max_length: slackLimits.inputText,
      placeholder: plain(hint),
      ...(fits ? { initial_value: initial } : {}),
    },
  }
}

/** The line that says which pictures the form is about. */
function named({ files: pictures, omitted }: FormSubject, messages: Messages): types.KnownBlock[] {
  const lines = [
    ...(pictures.length === 0 ? [] : [messages.used(pictures.map(({ name }) => name))]),
    ...(omitted.length === 0 ? [] : [messages.omitted(omitted)]),
  ]
  if (lines.length === 0) return []
  return [
    {
      type: 'context',
      elements: lines.map((line) => ({ type: 'plain_text', text: cut(plainWords(line), 1_500), emoji: false })),
    },
  ]
}

function options(given: Prefilled, messages: Messages): types.KnownBlock[] {
  const { form } = messages
  const select = (field: string, label: string, values: readonly string[], initial: string, name: Name) => ({
    ...input(field, label, false),
    element: {
      type: 'static_select' as const,
      action_id: elementId,
      options: values.map((value) => ({ text: plain(name(value)), value })),
      initial_option: { text: plain(name(initial)), value: initial },
    },
  })
  return [
    select(fields.aspectRatio, form.aspectRatio, aspectRatios, given.aspectRatio, (value) =>
      messages.ratio(aspectRatios.find((known) => known === value) ?? empty.aspectRatio),
    ),
    select(fields.quality, form.quality, qualities, given.quality, (value) =>
      messages.quality(qualities.find((known) => known === value) ?? empty.quality),
    ),
    select(fields.count, form.count, countsAllowed, String(given.count), (value) => value),
  ]
}
type Name = (value: string) => string

function files(most: number, { form }: Messages): types.KnownBlock {
  return {
    ...input(fields.pictures, form.pictures, true),
    element: {
      type: 'file_input',
      action_id: elementId,
      // Only a hint for the person: the bytes decide.
      filetypes: ['png', 'jpg', 'jpeg', 'webp', 'gif', 'avif', 'heic', 'heif'],
      max_files: Math.min(slackLimits.inputFiles, most),
    },
  }
}

function onlyMe({ form }: Messages): types.KnownBlock[] {
  return [
    {
      ...input(fields.onlyMe, form.onlyMe, true),
      element: {
        type: 'checkboxes',
        action_id: elementId,
        options: [{ text: plain(form.onlyMe), value: fields.onlyMe }],
      },
    },
  ]
}

function input(field: string, label: string, optional: boolean) {
  return { type: 'input' as const, block_id: field, label: plain(label), optional }
}

function plain(text: string): types.PlainTextElement {
  return { type: 'plain_text', text, emoji: false }
}
