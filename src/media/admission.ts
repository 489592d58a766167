import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { AppError, type FailureCode } from '../core/failure.ts'
import { isPublicAddress } from './address.ts'

/** Names to addresses, and which of them are public: the machine's own outside of tests. */
export interface Network {
  readonly lookup: LookupFunction
  isPublic(address: string): boolean
}

export const systemNetwork: Network = { lookup, isPublic: isPublicAddress }

/** A URL that may be asked. `checked`: its host's addresses are still to be checked when connecting. */
export interface Admission {
  readonly url: URL
  readonly checked: boolean
}

interface Rules {
  readonly hosts: readonly string[] | 'public'
  readonly origins: readonly string[]
  readonly codes: { readonly refused: FailureCode }
}

/** Throws the `refused` code for a URL that the rules do not let us ask. */
export function admit(text: string, { hosts, origins, codes }: Rules, network: Network): Admission {
  const url = URL.parse(text)
  if (url === null) throw new AppError(codes.refused, { detail: 'not a URL' })
  if (url.username !== '' || url.password !== '') throw refusal(url, codes, 'credentials in the URL')
  if (origins.some((origin) => URL.parse(origin)?.origin === url.origin)) return { url, checked: false }
  if (url.protocol !== 'https:') throw refusal(url, codes, 'not https')
  if (hosts === 'public') return admitPublic(url, codes, network)
  if (url.port !== '') throw refusal(url, codes, 'not the default port')
  if (!hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`)))
    throw refusal(url, codes, 'not one of the hosts allowed')
  return { url, checked: false }
}

function admitPublic(url: URL, codes: Rules['codes'], network: Network): Admission {
  // The URL parser has already turned 0x7f.1, 2130706433 and the like into dotted decimals.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // RFC 6761: never a name for the name servers, though some are asked.
  if (/(^|\.)localhost\.?$/.test(host)) throw refusal(url, codes, 'not a public address')
  if (isIP(host) === 0) return { url, checked: true }
  if (!network.isPublic(host)) throw refusal(url, codes, 'not a public address')
  return { url, checked: false }
}

/** A lookup for the connector that gives only public addresses, so that the address checked is the one connected to. */
export function connectorLookup(network: Network, host: string, refused: FailureCode): LookupFunction {
  return (hostname, options, callback) => {
    network.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const all = Array.isArray(found) ? found : []
      const open = all.filter(({ address }) => network.isPublic(address))
      const [first] = open
      if (first === undefined) callback(new AppError(refused, { detail: `${host}: not a public address` }), [])
      else if (options.all === true) callback(null, open)
      else callback(null, first.address, first.family)
    })
  }
}

function refusal(url: URL, codes: Rules['codes'], reason: string): AppError {
  return new AppError(codes.refused, { detail: `${url.host}: ${reason}` })
}
