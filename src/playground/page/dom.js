/**
 * An element with properties, attributes and children. Text becomes text nodes: nothing that anybody typed is ever read
 * as markup.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : String(value))
  }
  element.append(...children.flat().filter((child) => child !== null))
  return element
}

const svg = 'http://www.w3.org/2000/svg'

/** One of the page's icons, silent for screen readers. */
export function icon(name) {
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('class', 'icon')
  picture.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(svg, 'use')
  use.setAttribute('href', `#i-${name}`)
  picture.append(use)
  return picture
}

/** A button with an icon; `label` is shown beside it, or else only told. */
export function iconButton(name, label, attributes = {}, shown = false) {
  return el(
    'button',
    { type: 'button', ...(shown ? {} : { 'aria-label': label, title: label }), ...attributes },
    icon(name),
    shown ? el('span', {}, label) : null,
  )
}

/** A sentence of the catalogue: our own words as they are, somebody else's set apart. */
export function sentence(parts) {
  return parts.flatMap((part) => (typeof part === 'string' ? unbroken(part) : [el('q', {}, part.quoted)]))
}

/** A flag is not broken after its hyphens. */
function unbroken(text) {
  return text.split(/(--[a-z-]+)/).map((part, at) => (at % 2 === 0 ? part : el('span', { class: 'whole' }, part)))
}

export function byId(id) {
  return document.getElementById(id)
}

export const calm = matchMedia('(prefers-reduced-motion: reduce)')
