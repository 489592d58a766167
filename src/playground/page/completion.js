import { byId, el } from './dom.js'

/**
 * Suggests the command, its flags and their values while they are typed. Arrows choose, Tab or Enter takes, Escape
 * closes.
 */
export function createCompletion(text) {
  const list = byId('completion')
  let command = null
  let options = []
  let active = 0
  /** What was closed by Escape stays closed until something else is typed. */
  let dismissed = ''

  function refresh() {
    const found = command === null || text.selectionStart !== text.selectionEnd ? null : suggest()
    if (found === null || found.options.length === 0 || dismissed === text.value) return close()
    dismissed = ''
    options = found.options
    active = Math.min(active, options.length - 1)
    draw()
  }

  function suggest() {
    const before = text.value.slice(0, text.selectionStart)
    const word = /\S*$/.exec(before)[0]
    if (/^\/\S*$/.test(before)) return offer(word, [{ insert: command.name, about: command.about }])
    // Phones turn two hyphens into a dash.
    const typed = word.replace(/^[–—―]/, '--')
    if (typed.startsWith('--')) return offer(typed, unusedFlags(before), word.length)
    const flag = /(\S+)\s+\S*$/.exec(before)?.[1]?.replace(/^[–—―]/, '--')
    const values = command.flags.find(({ name }) => name === flag)?.values ?? []
    return offer(
      word,
      values.map(({ value, about }) => ({ insert: value, about })),
    )
  }

  function unusedFlags(before) {
    const used = before.split(/\s+/).slice(0, -1)
    return command.flags.filter(({ name }) => !used.includes(name)).map(({ name, about }) => ({ insert: name, about }))
  }

  /** `length` is how many typed characters the choice replaces. */
  function offer(typed, all, length = typed.length) {
    const fitting = all.filter(({ insert }) => insert.startsWith(typed.toLowerCase()))
    // What is already typed in full needs no suggestion, so that Enter sends.
    if (fitting.some(({ insert }) => insert === typed)) return null
    return { options: fitting.map((option) => ({ ...option, length })) }
  }

  function draw() {
    list.replaceChildren(
      ...options.map((option, at) =>
        el(
          'li',
          {
            ...{ id: `option-${at}`, role: 'option', 'aria-selected': String(at === active) },
            onpointermove: () => choose(at),
            onpointerdown: (event) => {
              event.preventDefault()
              take(at)
            },
          },
          el('b', {}, option.insert),
          el('span', {}, option.about),
        ),
      ),
    )
    list.hidden = false
    text.setAttribute('aria-activedescendant', `option-${active}`)
  }

  function choose(at) {
    if (at === active) return
    active = at
    for (const [i, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(i === active))
    text.setAttribute('aria-activedescendant', `option-${active}`)
  }

  function close() {
    options = []
    active = 0
    list.hidden = true
    text.removeAttribute('aria-activedescendant')
  }

  function take(at) {
    const { insert, length } = options[at]
    const end = text.selectionStart
    const space = /^\s/.test(text.value.slice(end)) ? '' : ' '
    text.setRangeText(insert + space, end - length, end, 'end')
    text.dispatchEvent(new Event('input'))
    text.focus()
  }

  /** Whether the key was for the suggestions. */
  function key(event) {
    if (options.length === 0) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      choose((active + step + options.length) % options.length)
      list.children[active].scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey)) take(active)
    else if (event.key === 'Escape') {
      dismissed = text.value
      close()
    } else return false
    event.preventDefault()
    return true
  }

  text.addEventListener('input', refresh)
  text.addEventListener('click', refresh)
  text.addEventListener('blur', close)

  return {
    key,
    define: (definition) => {
      command = definition
    },
  }
}
