import { messagesFor, noticeWords } from '../core/messages.ts'
import type { Notice } from '../core/view.ts'
import { sayAside, tellAside } from './aside.ts'
import { toAppError } from './errors.ts'
import { plainWords } from './escape.ts'
import { fields } from './form.ts'
import { cut } from './limits.ts'
import type { ReplyDeps, SlackReply } from './reply.ts'
import type { Submission } from './submission.ts'

/** Sends the ack of a form: it closes, or stays open with words under its fields. */
export type FormAck = (errors?: Readonly<Record<string, string>>) => Promise<void>

/** So much of an answer stands under a field. */
const shownWords = 500

/** Answers a form that was sent: under its fields while it is open, with words for the asker alone afterwards. */
export function formReply({ origin, subject }: Submission, ack: FormAck, deps: ReplyDeps): SlackReply {
  const listener = { ...origin, at: subject?.at ?? null }
  let acked = false
  const close = async (errors?: Readonly<Record<string, string>>) => {
    if (acked) return
    acked = true
    await ack(errors).catch((error: unknown) => {
      // The socket it came by is closed.
      throw toAppError(error)
    })
  }
  return {
    // A form is no placeholder: that is posted by the first step of the job.
    accept: async () => {
      await close()
      return null
    },
    defer: () => close(),
    settle: () => close(),
    say: (words) => sayAside(listener, words, deps),
    refuse: async (notice) => {
      if (!acked) return close({ [fieldOf(notice)]: wordsOf(notice) })
      await tellAside(listener, notice, deps)
    },
  }
}

/** Errors stand under a field of the form, so what is not about one stands under the first. */
function fieldOf(notice: Notice): string {
  const about = notice.kind === 'problems' ? notice.problems.map(({ kind }) => kind) : []
  const pictures = about.length > 0 && about.every((kind) => kind === 'not_a_picture' || kind === 'too_many_inputs')
  return pictures ? fields.pictures : fields.prompt
}

function wordsOf(notice: Notice): string {
  return cut(noticeWords(notice, messagesFor('en'), '').map(plainWords).join('\n'), shownWords)
}
