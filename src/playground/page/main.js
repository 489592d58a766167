import { postCancel, tryNow } from './api.js'
import { createComposer } from './composer.js'
import { createConversation } from './conversation.js'
import { byId, el, sentence } from './dom.js'
import { acceptDrops } from './drops.js'
import { createScroller } from './scroller.js'
import { openStream } from './stream.js'
import { createViewer } from './viewer.js'
import { words } from './words.js'

/** Reconnecting within this long goes unmentioned. */
const patienceMs = 1_200

const scroller = createScroller()
const viewer = createViewer()
let labels = { cancel: '', reply: '' }

const actions = {
  labels: () => labels,
  reply: (picture) => composer.reply(picture),
  open: (picture) => viewer.open(picture, actions),
  cancel: async (jobId) => {
    const answer = await postCancel(jobId)
    if (answer === null) conversation.whisper([[words.notSent]])
    else if (answer.notices.length > 0) conversation.whisper(answer.notices)
  },
}

function announce(text) {
  byId('announcer').textContent = text
}

const conversation = createConversation({ actions, announce, scroller })
const composer = createComposer({ conversation, scroller })

byId('examples').append(
  ...words.examples.map((example) =>
    el('li', {}, el('button', { type: 'button', onclick: () => composer.write(example) }, sentence([example]))),
  ),
)
acceptDrops(composer.attach)

let banner = null
openStream({
  onState: (state) => {
    labels = state.words
    byId('simulated').hidden = !state.simulated
    composer.define({ command: state.command, limits: { bytes: state.uploadBytes, tooLarge: state.words.tooLarge } })
    conversation.reset(state)
  },
  onMessage: conversation.upsert,
  onConnection: (connected) => {
    const connection = byId('connection')
    if (connected) {
      tryNow()
      clearTimeout(banner)
      banner = null
      connection.hidden = true
    } else
      banner ??= setTimeout(() => {
        connection.textContent = words.reconnecting
        connection.hidden = false
      }, patienceMs)
  },
})
