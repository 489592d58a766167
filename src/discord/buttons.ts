import { type APIButtonComponentWithCustomId, ButtonStyle, ComponentType } from 'discord.js'
import { messagesFor } from '../core/messages.ts'
import type { JobView } from '../core/view.ts'
import { type ButtonAction, customIdOf } from './custom-id.ts'
import type { ButtonRow } from './message-body.ts'

type Action = ButtonAction['action']

/** What the place of a message adds to its buttons. */
export interface Offer {
  /** Only the asker sees the message, who may show it to everybody. */
  readonly shareable: boolean
  /** Soon nobody but somebody who presses a button can have the message updated. */
  readonly ending: boolean
}

/** The rows of buttons under a view; a row holds five at most. */
export function buttonsOf(view: JobView, offer: Offer): readonly ButtonRow[] {
  return rowsOf(view, offer)
    .filter((row) => row.length > 0)
    .map((row) => ({ type: ComponentType.ActionRow, components: row.map((action) => button(action, view)) }))
}

function rowsOf(view: JobView, { shareable, ending }: Offer): readonly (readonly Action[])[] {
  switch (view.kind) {
    case 'queued':
    case 'preparing':
    case 'running':
      // A share is over before anybody could stop it.
      return [
        [...(ending ? (['show_result'] as const) : []), ...(view.action === 'share' ? [] : (['cancel'] as const))],
      ]
    case 'result':
      return [
        ['again', 'edit', 'variations', ...(view.request.quality === 'medium' ? (['upgrade'] as const) : [])],
        ['details', ...(shareable ? (['share'] as const) : []), 'erase'],
      ]
    case 'failed':
      // Again would pay for what could only not be shown.
      return [view.action === 'share' ? ['erase'] : ['again', 'details', 'erase']]
    case 'cancelled':
      return [view.pending ? [] : ['again', 'erase']]
  }
}

function button(action: Action, { jobId, locale }: JobView): APIButtonComponentWithCustomId {
  return {
    type: ComponentType.Button,
    style: action === 'show_result' ? ButtonStyle.Primary : ButtonStyle.Secondary,
    label: labelOf(action, locale),
    custom_id: customIdOf({ action, jobId }),
  }
}

function labelOf(action: Action, locale: string): string {
  const { labels } = messagesFor(locale)
  return action === 'show_result' ? labels.showResult : labels[action]
}
