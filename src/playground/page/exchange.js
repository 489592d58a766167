import { el, icon, iconButton } from './dom.js'
import { words } from './words.js'

const ended = ['result', 'failed', 'cancelled']

/**
 * One exchange: what the person asked and the one message that answers it. It is patched in place as it changes, so
 * that nothing flickers and the focus stays where it is.
 */
export function createExchange(actions) {
  const asked = el('div', { class: 'asked', role: 'group', 'aria-label': words.you })
  const frames = el('div', { class: 'frames' })
  const line = el('span', { class: 'line' })
  const cancel = el('button', { class: 'quiet', type: 'button', hidden: true, onclick: () => stop() }, '')
  const note = el('p', { class: 'note', hidden: true })
  const answer = el(
    'div',
    { class: 'answer', role: 'group', 'aria-label': 'Imagine' },
    frames,
    el('div', { class: 'status' }, line, cancel),
    note,
  )
  const element = el('li', { class: 'exchange' }, asked, answer)
  const drawn = {}
  let message = null

  async function stop() {
    cancel.disabled = true
    await actions.cancel(message.id)
    cancel.disabled = false
  }

  function update(next) {
    message = next
    const { state } = next.answer
    element.dataset.state = state
    element.dataset.job = next.id
    whenNew('asked', next.asked, () => drawAsked(asked, next))
    whenNew('frames', framesKey(next.answer), () => drawFrames(frames, next, actions))
    line.textContent = next.answer.line
    note.textContent = next.answer.note ?? ''
    note.hidden = next.answer.note === null
    cancel.textContent = actions.labels().cancel
    cancel.hidden = !next.answer.cancellable
    drawProgress(frames, next.answer)
  }

  function whenNew(part, facts, draw) {
    const text = JSON.stringify(facts)
    if (drawn[part] === text) return
    drawn[part] = text
    draw()
  }

  return { element, update, message: () => message }
}

function framesKey({ state, ratio, count, pictures }) {
  if (state === 'result') return pictures
  return ended.includes(state) ? null : [ratio, count]
}

function drawAsked(asked, { asked: { prompt, options, pictures, reply }, at }) {
  const shown = pictures.map(({ src, name }) => thumbnail(src, name))
  asked.replaceChildren(
    ...(shown.length === 0 ? [] : [el('div', { class: 'thumbnails' }, reply ? icon('reply') : null, shown)]),
    el('p', { class: 'bubble', title: new Date(at).toLocaleString(), dir: 'auto' }, prompt),
    ...(options.length === 0
      ? []
      : [
          el(
            'p',
            { class: 'options' },
            options.map((option) => el('span', {}, option)),
          ),
        ]),
  )
}

/** A picture that was handed in; where it can't be shown (HEIC, or no longer kept), a chip with its name. */
export function thumbnail(src, name) {
  const picture = el('img', { class: 'thumbnail', src, alt: name, title: name === '' ? null : name, decoding: 'async' })
  picture.addEventListener('error', () => picture.replaceWith(chip(name)), { once: true })
  return picture
}

function chip(name) {
  return el('span', { class: 'thumbnail chip', title: name === '' ? words.gone : name }, icon('picture'))
}

function drawFrames(frames, { id, answer }, actions) {
  frames.dataset.ratio = answer.ratio
  frames.dataset.count = String(answer.state === 'result' ? answer.pictures.length : answer.count)
  frames.replaceChildren(
    ...(answer.state === 'result'
      ? answer.pictures.map((picture) => figure(id, picture, actions))
      : placeholders(answer)),
  )
}

function placeholders({ state, count }) {
  if (ended.includes(state)) return []
  return Array.from({ length: count }, () => el('div', { class: 'frame waiting' }))
}

function figure(jobId, picture, actions) {
  const image = el('img', { src: picture.src, alt: picture.alt, decoding: 'async' })
  const frame = el(
    'button',
    { class: 'frame', type: 'button', 'aria-label': `${words.openFull}: ${picture.alt}`, onclick: () => open() },
    image,
  )
  const open = () => actions.open({ jobId, ...picture })
  image.addEventListener('load', () => frame.classList.add('loaded'), { once: true })
  image.addEventListener('error', () => frame.replaceWith(gone()), { once: true })
  return el(
    'figure',
    {},
    frame,
    el('figcaption', { class: 'actions' }, ...pictureActions({ jobId, ...picture }, actions, open)),
  )
}

/** What can be done with a picture of a result. */
export function pictureActions(picture, actions, open) {
  return [
    iconButton('edit', actions.labels().reply, { class: 'quiet', onclick: () => actions.reply(picture) }, true),
    el(
      'a',
      { class: 'quiet', href: picture.download, download: true, 'aria-label': words.download, title: words.download },
      icon('download'),
    ),
    open === null ? null : iconButton('open', words.openFull, { class: 'quiet', onclick: open }),
  ].filter((action) => action !== null)
}

function gone() {
  return el('div', { class: 'frame gone' }, icon('picture'), el('span', {}, words.gone))
}

function drawProgress(frames, { state, progress, line }) {
  for (const frame of frames.querySelectorAll('.waiting')) {
    frame.classList.toggle('running', state === 'running')
    frame.classList.toggle('late', state === 'running' && progress === null)
    frame.style.setProperty('--progress', String(progress ?? 1))
  }
  if (state === 'running') {
    frames.setAttribute('role', 'progressbar')
    frames.setAttribute('aria-label', line)
    if (progress === null) frames.removeAttribute('aria-valuenow')
    else frames.setAttribute('aria-valuenow', String(Math.round(progress * 100)))
  } else for (const name of ['role', 'aria-label', 'aria-valuenow']) frames.removeAttribute(name)
}
