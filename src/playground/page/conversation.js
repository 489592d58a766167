import { fetchEarlier } from './api.js'
import { byId, el, icon, iconButton, sentence } from './dom.js'
import { createExchange } from './exchange.js'
import { words } from './words.js'

/** The list of exchanges, oldest first, with those that were just sent and not yet confirmed at its end. */
export function createConversation({ actions, announce, scroller }) {
  const list = byId('conversation')
  const welcome = byId('welcome')
  const earlier = byId('earlier')
  /** By the id that the page gave to the person's message. */
  const exchanges = new Map()

  /** Adds or patches an exchange; gives its message as it was before. */
  function put(message) {
    const known = exchanges.get(message.messageId)
    const exchange = known ?? createExchange(actions)
    const before = known?.message() ?? null
    exchange.update(message)
    exchange.element.dataset.message = message.messageId
    exchanges.set(message.messageId, exchange)
    if (before?.at !== message.at) place(exchange)
    welcome.hidden = true
    return before
  }

  /** By time; messages come nearly always at the end. */
  function place({ element, message }) {
    const others = [...list.querySelectorAll('.exchange')].filter((other) => other !== element)
    const next = others.find((other) => exchangeOf(other).message().at > message().at) ?? null
    // What stands right already is not moved, for moving takes the focus away.
    if (!element.isConnected || next !== exchangeAfter(element)) list.insertBefore(element, next)
  }

  function exchangeAfter(element) {
    const after = element.nextElementSibling
    return after === null || after.matches('.exchange') ? after : exchangeAfter(after)
  }

  function exchangeOf(element) {
    return exchanges.get(element.dataset.message)
  }

  function upsert(message) {
    const before = put(message)
    if (before?.answer.state !== message.answer.state) tell(message)
    scroller.follow()
  }

  function tell({ answer }) {
    if (answer.state === 'sending') return
    const [picture] = answer.pictures
    announce(picture === undefined ? answer.line : `${picture.alt}. ${answer.line}`)
  }

  /** Everything anew, after a connection was made: what the server no longer has goes, what was not yet sent stays. */
  function reset({ messages, earlier: more }) {
    const oldest = messages[0]?.at ?? 0
    const there = new Set(messages.map(({ messageId }) => messageId))
    for (const [messageId, exchange] of exchanges) {
      const { at, answer } = exchange.message()
      const known = there.has(messageId) || answer.state === 'sending' || (more && at < oldest)
      if (!known) remove(messageId)
    }
    for (const message of messages) put(message)
    earlier.hidden = !more || [...exchanges.values()].some((exchange) => exchange.message().at < oldest)
    welcome.hidden = exchanges.size > 0
    scroller.follow()
  }

  function remove(messageId) {
    exchanges.get(messageId)?.element.remove()
    exchanges.delete(messageId)
    welcome.hidden = exchanges.size > 0
  }

  /** A line that only this tab shows: it is gone after a reload. */
  function whisper(notices) {
    const dismiss = iconButton('close', words.dismiss, { class: 'quiet', onclick: () => item.remove() })
    const item = el(
      'li',
      { class: 'whisper' },
      icon('eye-off'),
      el(
        'div',
        {},
        notices.map((notice) => el('p', { dir: 'auto' }, sentence(notice))),
        el('p', { class: 'only' }, words.onlyYou),
      ),
      dismiss,
    )
    list.append(item)
    announce(item.querySelector('div').textContent)
    scroller.toEnd()
  }

  async function showEarlier() {
    const first = exchangeOf(list.querySelector('.exchange'))
    earlier.disabled = true
    try {
      const page = await fetchEarlier(first.message().id)
      scroller.keep(() => {
        for (const message of page.messages) put(message)
        earlier.hidden = !page.earlier
      })
    } finally {
      earlier.disabled = false
    }
  }

  earlier.textContent = words.earlier
  earlier.addEventListener('click', showEarlier)

  return { upsert, reset, remove, whisper, has: (messageId) => exchanges.get(messageId)?.message() ?? null }
}
