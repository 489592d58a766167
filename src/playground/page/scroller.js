import { byId, calm, icon } from './dom.js'
import { words } from './words.js'

const nearPx = 80

/** Keeps the newest in sight for as long as the reader is there, and leaves them alone when they read further up. */
export function createScroller() {
  const scroll = byId('scroll')
  const jump = byId('jump')
  let stuck = true

  const distance = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight

  function toEnd(behavior = 'auto') {
    stuck = true
    scroll.scrollTo({ top: scroll.scrollHeight, behavior: calm.matches ? 'auto' : behavior })
  }

  scroll.addEventListener('scroll', () => {
    stuck = distance() < nearPx
    jump.hidden = distance() < scroll.clientHeight / 2
  })
  new ResizeObserver(() => {
    if (stuck) toEnd()
  }).observe(scroll.firstElementChild)
  new ResizeObserver(() => {
    if (stuck) toEnd()
  }).observe(scroll)

  jump.append(icon('down'), words.newest)
  jump.addEventListener('click', () => toEnd('smooth'))

  return {
    toEnd,
    follow: () => {
      if (stuck) toEnd()
    },
    /** Changes what is above without moving what is in sight. */
    keep: (change) => {
      const from = scroll.scrollHeight - scroll.scrollTop
      change()
      scroll.scrollTo({ top: scroll.scrollHeight - from })
    },
  }
}
