import { cdnHosts } from './limits.ts'

/** Whether Discord itself serves this URL. A stand-in serves everything from the origin of its API. */
export function isServed(url: string, apiUrl: string): boolean {
  const parsed = URL.parse(url)
  if (parsed === null) return false
  return (
    parsed.origin === new URL(apiUrl).origin || (parsed.protocol === 'https:' && cdnHosts.includes(parsed.hostname))
  )
}
