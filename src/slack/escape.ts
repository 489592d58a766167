import type { Words } from '../core/messages.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
// Slack's markup has no escape for these; look-alikes can't begin bold, italics, struck-out text, code or an emoji.
const lookAlikes: Readonly<Record<string, string>> = {
  '*': '\u2217',
  _: '\u02cd',
  '~': '\u223c',
  '`': '\u02cb',
}
const emoji = /:(?=[\w+'-]+:)/g

/** Somebody else's text without what has no shape and takes six characters in JSON: control signs, halves of pairs. */
export function legible(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}/gu, (sign) => (sign === '\n' ? sign : ' '))
}

/**
 * Somebody else's text for a field that Slack reads as markup (`text`): nothing in it mentions, links, formats or starts
 * a quote. Source: docs.slack.dev, "Formatting message text".
 */
export function escapeText(text: string): string {
  return legible(text)
    .replace(/\s+/gu, ' ')
    .replace(/[*_~`]/g, (mark) => lookAlikes[mark] ?? mark)
    .replace(emoji, '\ua789')
    .replace(/[&<>]/g, (sign) => entities[sign] ?? sign)
}

/** An address for `<…>` in a field that Slack reads as markup. */
export function escapeUrl(url: string): string {
  return url.replaceAll('&', '&amp;').replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('|', '%7C')
}

/** A sentence of the catalogue for a field that Slack reads as markup. */
export function escapeWords(words: Words): string {
  return words.map((part) => (typeof part === 'string' ? part : escapeText(part.quoted))).join('')
}

/** A sentence of the catalogue for a field that Slack shows as it is. */
export function plainWords(words: Words): string {
  return words.map((part) => (typeof part === 'string' ? part : legible(part.quoted))).join('')
}

// <@U1|name>, <#C1|name>, <!channel>, <!subteam^S1|@team>, <https://…|label>, <mailto:…|label>
const wrapper = /<([@#!])?([^<>|]*)(?:\|([^<>]*))?>/g
const plain: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' }

/** What a person typed, from the form in which Slack sends it: wrappers taken off, entities decoded. */
export function decodeText(text: string): string {
  return text
    .replace(wrapper, (whole, kind: string | undefined, target: string, label: string | undefined) =>
      unwrapped(whole, kind, target, label),
    )
    .replace(/&(?:lt|gt|amp);/g, (entity) => plain[entity] ?? entity)
}

function unwrapped(whole: string, kind: string | undefined, target: string, label: string | undefined): string {
  const shown = label === undefined || label === '' ? null : label
  switch (kind) {
    case '@':
      return `@${shown ?? target}`
    case '#':
      return `#${shown ?? target}`
    case '!':
      // A date or a group has its words in the label; `<!here|here>` names itself.
      return shown === null || shown === target ? `@${target}` : shown
    default:
      // A bare `<` in a command's text is no wrapper.
      return /^(?:https?|mailto|tel|ftp):/i.test(target) ? (shown ?? target.replace(/^mailto:/i, '')) : whole
  }
}

/** A message's text without the mention that called the bot. */
export function withoutMention(text: string, botUserId: string): string {
  return text.replaceAll(new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`, 'g'), ' ').trim()
}
