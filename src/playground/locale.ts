import { catalogue } from '../core/messages.ts'

/** The best language of an `Accept-Language` header that the catalogue has; English where it has none. */
export function localeOf(acceptLanguage: string | undefined): string {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/)
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return { tag, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
    })
    .filter(({ tag, weight }) => /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(tag) && weight > 0)
    .sort((a, b) => b.weight - a.weight)
  const found = wanted.find(
    ({ tag }) => Object.hasOwn(catalogue, tag) || Object.hasOwn(catalogue, tag.split('-')[0]?.toLowerCase() ?? ''),
  )
  return found?.tag ?? 'en'
}
