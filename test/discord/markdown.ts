/**
 * Discord's markup as its clients read it, for judging what a person sees: written from Discord's help page "Markdown Text 101"
 * and the published grammar of its renderer (simple-markdown with Discord's rules), independent of what the bot escapes.
 */

export interface Rendered {
  /** The text with its markup rendered away. */
  readonly text: string
  /** What was rendered, by name; quotes and small print at the start of a line are named with `line:`. */
  readonly constructs: readonly string[]
}

interface Rule {
  readonly name: string
  readonly pattern: RegExp
  /** The part that is shown, read on as markup itself; null shows the whole match as it is. */
  readonly inner: number | null
}

/** Tried in this order at each position. */
const inlineRules: readonly Rule[] = [
  { name: 'code block', pattern: /^```[\s\S]+?```/, inner: null },
  { name: 'code', pattern: /^(`+)([\s\S]*?[^`])\1(?!`)/, inner: null },
  { name: 'timestamp', pattern: /^<t:-?\d{1,17}(?::[tTdDfFsSR])?>/, inner: null },
  { name: 'custom emoji', pattern: /^<a?:\w{2,}:\d+>/, inner: null },
  { name: 'mention', pattern: /^<@[!&]?\d+>/, inner: null },
  { name: 'channel', pattern: /^<#\d+>/, inner: null },
  { name: 'command', pattern: /^<\/[^:>]+:\d+>/, inner: null },
  { name: 'navigation', pattern: /^<id:\w+>/, inner: null },
  { name: 'everyone', pattern: /^@(?:everyone|here)/, inner: null },
  {
    name: 'masked link',
    pattern: /^\[((?:\[[^\]]*\]|[^[\]]|\](?=[^[]*\]))*)\]\(\s*<?((?:https?|discord):\/\/[^\s)]*)>?[^)]*\)/,
    inner: 1,
  },
  { name: 'link', pattern: /^<(?:https?|steam|discord|mailto|tel):[^\s>]+>/, inner: null },
  { name: 'link', pattern: /^(?:https?|steam):\/\/[^\s<]+[^<.,:;"'\]\s]/, inner: null },
  { name: 'bold', pattern: /^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/, inner: 1 },
  { name: 'underline', pattern: /^__((?:\\[\s\S]|[^\\])+?)__(?!_)/, inner: 1 },
  { name: 'italic', pattern: /^_((?:__|\\[\s\S]|[^\\_])+?)_(?![A-Za-z0-9_])/, inner: 1 },
  { name: 'italic', pattern: /^\*(?=\S)((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?!\*)/, inner: 1 },
  { name: 'strikethrough', pattern: /^~~([\s\S]+?)~~(?!_)/, inner: 1 },
  { name: 'spoiler', pattern: /^\|\|([\s\S]+?)\|\|/, inner: 1 },
]

const lineRules: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'heading', pattern: /^#{1,3}\s+(?=\S)/ },
  { name: 'line:small', pattern: /^-#\s+(?=\S)/ },
  { name: 'list', pattern: /^ *(?:[*+-]|\d+[.)])\s+(?=\S)/ },
]

/** Anything in the raw text that Discord's clients take for an invitation, escaped or not. */
const invitation = /(?:^|[^\w])(?:https?:\/\/)?(?:www\.)?(?:discord\.gg|discord(?:app)?\.com\/invite)\/[\w-]+/i

export function readMarkdown(raw: string): Rendered {
  const constructs: string[] = invitation.test(raw) ? ['invitation'] : []
  let rest = raw
  const lines: string[] = []
  // Block by block: a quote takes one line, `>>>` all that follow.
  for (const line of rest.split('\n')) {
    let body = line
    if (/^ *>>> /.test(body)) constructs.push('quote to the end')
    const quote = /^ *> /.exec(body) ?? /^ *>$/.exec(body)
    if (quote !== null) {
      constructs.push('line:quote')
      body = body.slice(quote[0].length)
    }
    for (const { name, pattern } of lineRules) {
      const found = pattern.exec(body)
      if (found === null) continue
      constructs.push(name)
      body = body.slice(found[0].length)
      break
    }
    lines.push(body)
  }
  rest = lines.join('\n')
  return { text: inline(rest, constructs), constructs }
}

function inline(source: string, constructs: string[]): string {
  let text = ''
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at)
    // A backslash takes the markup out of any character that is no letter, digit or space.
    const escaped = /^\\([^0-9A-Za-z\s])/u.exec(rest)
    if (escaped !== null) {
      text += escaped[1]
      at += escaped[0].length
      continue
    }
    const rule = inlineRules.find(({ pattern }) => pattern.test(rest))
    const match = rule?.pattern.exec(rest)
    if (rule !== undefined && match) {
      constructs.push(rule.name)
      text += rule.inner === null ? match[0] : inline(match[rule.inner] ?? '', constructs)
      at += match[0].length
      continue
    }
    text += rest[0]
    at += 1
  }
  return text
}
