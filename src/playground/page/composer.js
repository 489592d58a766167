import { postMessage } from './api.js'
import { createAttachments } from './attachments.js'
import { createCompletion } from './completion.js'
import { byId, el, icon, iconButton } from './dom.js'
import { words } from './words.js'

/** Where messages are written: words, pictures, and the picture that they are about. */
export function createComposer({ conversation, scroller }) {
  const form = byId('composer')
  const text = byId('text')
  const send = byId('send')
  const quote = byId('quote')
  const files = byId('files')
  const completion = createCompletion(text)
  const attachments = createAttachments({ whisper: conversation.whisper, changed: refresh })
  let replyTo = null

  function refresh() {
    attachments.show()
    send.disabled = text.value.trim() === '' && attachments.count() === 0
    text.placeholder = replyTo === null && attachments.count() === 0 ? words.write : words.change
    text.style.height = 'auto'
    text.style.height = `${text.scrollHeight}px`
  }

  function reply(picture) {
    replyTo = picture
    quote.hidden = picture === null
    quote.replaceChildren(
      ...(picture === null
        ? []
        : [
            icon('reply'),
            el('img', { class: 'thumbnail', src: picture.src, alt: '' }),
            el('span', {}, words.replying),
            iconButton('close', words.removeReply, { class: 'quiet', onclick: () => focusAfter(() => reply(null)) }),
          ]),
    )
    refresh()
  }

  function focusAfter(change) {
    change()
    text.focus()
  }

  async function submit() {
    if (send.disabled) return
    const draft = { text: text.value, pictures: attachments.take(), replyTo }
    const messageId = crypto.randomUUID()
    text.value = ''
    reply(null)
    const pending = pendingMessage(messageId, draft)
    conversation.upsert(pending)
    scroller.toEnd()
    const ids = await Promise.all(draft.pictures.map(({ id }) => id))
    const pictures = draft.pictures.flatMap(({ name }, at) => (ids[at] === null ? [] : [{ id: ids[at], name }]))
    // A picture that would not do was already spoken of; without it the words would mean something else.
    const answer =
      pictures.length < ids.length
        ? { ok: false, notices: null }
        : await postMessage(posted(messageId, draft, pictures), () => wait(pending))
    if (!answer.ok) takeBack(messageId, draft, answer.notices)
    // Answered in words (help): nothing was asked for, and the command is done with.
    else if (answer.notices.length > 0) takeBack(messageId, { ...draft, text: '' }, answer.notices)
    else for (const { src } of draft.pictures) URL.revokeObjectURL(src)
  }

  function posted(messageId, draft, pictures) {
    const about = draft.replyTo === null ? null : { jobId: draft.replyTo.jobId, n: draft.replyTo.n }
    return { messageId, text: draft.text, pictures, replyTo: about }
  }

  function wait(pending) {
    if (conversation.has(pending.messageId)?.answer.state === 'sending')
      conversation.upsert({ ...pending, answer: { ...pending.answer, line: words.unsent } })
  }

  /** A refusal gives the words back, to be changed: unless something else is being written already. */
  function takeBack(messageId, draft, notices) {
    conversation.remove(messageId)
    if (text.value === '' && attachments.count() === 0 && replyTo === null) {
      text.value = draft.text
      attachments.giveBack(draft.pictures)
      reply(draft.replyTo)
    }
    if (notices !== null) conversation.whisper(notices.length === 0 ? [[words.notSent]] : notices)
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
  })
  text.addEventListener('input', refresh)
  text.addEventListener('keydown', (event) => {
    if (event.isComposing || completion.key(event)) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      submit()
    } else if (event.key === 'Escape') reply(null)
  })
  text.addEventListener('paste', (event) => {
    if (event.clipboardData.files.length === 0) return
    event.preventDefault()
    attachments.add(event.clipboardData.files)
  })

  byId('attach').append(icon('plus'))
  byId('attach').setAttribute('aria-label', words.attach)
  byId('attach').title = words.attach
  byId('attach').addEventListener('click', () => files.click())
  files.addEventListener('change', () => {
    attachments.add(files.files)
    files.value = ''
    text.focus()
  })
  send.append(icon('send'))
  send.setAttribute('aria-label', words.send)
  text.setAttribute('aria-label', words.write)
  byId('hint').textContent = words.hint
  refresh()
  // On a phone the keyboard would cover the page before anybody asked for it.
  if (matchMedia('(pointer: fine)').matches) text.focus()

  return {
    define: ({ command, limits }) => {
      completion.define(command)
      attachments.limit(limits)
    },
    reply: (picture) => focusAfter(() => reply(picture)),
    attach: (given) => focusAfter(() => attachments.add(given)),
    write: (words) =>
      focusAfter(() => {
        text.value = words
        refresh()
      }),
  }
}

function pendingMessage(messageId, { text, pictures, replyTo }) {
  const quoted = replyTo === null ? [] : [{ src: replyTo.src, name: '' }]
  return {
    ...{ id: '', messageId, at: Date.now() },
    asked: {
      prompt: text.replace(/^\/imagine\s*/i, '').trim(),
      options: [],
      pictures: [...quoted, ...pictures.map(({ src, name }) => ({ src, name }))],
      reply: replyTo !== null,
    },
    answer: {
      ...{ state: 'sending', ratio: '1:1', count: 0, line: words.sending, note: null, progress: null },
      ...{ pictures: [], cancellable: false },
    },
  }
}
