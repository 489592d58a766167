import type { types } from '@slack/bolt'
import type { Messages } from '../core/messages.ts'
import type { JobView } from '../core/view.ts'
import { type Button, type ButtonAction, buttonValue } from './action-id.ts'

type ButtonElement = types.Button

/** The buttons under a job's message. `from` as in the buttons' value: where a private request was made. */
export function buttonsOf(view: JobView, from: Button['from'], messages: Messages): readonly ButtonElement[] {
  const { labels } = messages
  const button = (action: ButtonAction, label: string): ButtonElement => ({
    type: 'button',
    action_id: action,
    text: { type: 'plain_text', text: label, emoji: false },
    value: buttonValue({ jobId: view.jobId, from }),
  })
  switch (view.kind) {
    case 'queued':
    case 'preparing':
    case 'running':
      return [button('cancel', labels.cancel)]
    case 'failed':
    case 'cancelled':
      return []
    case 'result': {
      // What is shared already is not private any more.
      const shares = from !== null && view.action !== 'share'
      return [
        button('again', labels.again),
        button('edit', labels.edit),
        ...(view.request.quality === 'medium' ? [button('upgrade', labels.upgrade)] : []),
        button('variations', labels.variations),
        ...(shares ? [button('share_channel', labels.shareToChannel)] : []),
        ...(shares && from.thread !== null ? [button('share_thread', labels.shareToThread)] : []),
        button('details', labels.details),
        { ...button('erase', labels.erase), style: 'danger', confirm: confirmation(labels) },
      ]
    }
  }
}

function confirmation(labels: Messages['labels']): types.ConfirmationDialog {
  const plain = (text: string): types.PlainTextElement => ({ type: 'plain_text', text, emoji: false })
  return {
    title: plain(labels.erase),
    text: plain(labels.eraseSure),
    confirm: plain(labels.erase),
    deny: plain(labels.keep),
    style: 'danger',
  }
}
