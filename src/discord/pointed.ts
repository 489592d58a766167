import {
  type APIAttachment,
  type APIEmbed,
  type APIMediaGalleryItem,
  type APIMessage,
  type APIThumbnailComponent,
  type APIUnfurledMediaItem,
  ComponentType,
} from 'discord.js'
import type { InputRef, JobFacts, Omitted } from '../core/job.ts'
import { type ImageRequestInput, type Problem, requestLimits } from '../core/request.ts'
import { inputOf, troubleOf } from './attachment.ts'
import { isServed } from './served.ts'

/** Something that was pointed at as a picture. */
export type Pointed =
  | { readonly kind: 'picture'; readonly ref: InputRef }
  | { readonly kind: 'useless'; readonly omitted: Omitted }

/** What a request makes of what was pointed at. */
export interface Chosen {
  readonly inputs: readonly InputRef[]
  readonly omitted: readonly Omitted[]
  readonly problems: readonly Problem[]
}

/** The parts of a message that hold pictures; a forwarded one has them, too. */
export type Shown = Looks & Pick<APIMessage, 'message_snapshots'>
type Looks = Partial<Pick<APIMessage, 'attachments' | 'embeds' | 'components'>>

/** Files handed over for this request: each of them is meant. */
export function handedIn(attachments: readonly APIAttachment[]): Pointed[] {
  return attachments.map(pointedAt)
}

/** The pictures that somebody sees in a message, and in one that it forwards; its other files are nobody's request. */
export function seenIn(message: Shown, apiUrl: string): Pointed[] {
  const [snapshot] = message.message_snapshots ?? []
  return [...looks(message, apiUrl), ...(snapshot === undefined ? [] : looks(snapshot.message, apiUrl))]
}

export function results(refs: readonly InputRef[]): Pointed[] {
  return refs.map((ref) => ({ kind: 'picture', ref }))
}

/** The first pictures that one request takes. Where no picture is left, what is no picture is a problem. */
export function choose(pointed: readonly Pointed[]): Chosen {
  const pictures = pointed.flatMap((one) => (one.kind === 'picture' ? [one.ref] : []))
  const useless = pointed.flatMap((one) => (one.kind === 'useless' ? [one.omitted] : []))
  if (pictures.length === 0) return { inputs: [], omitted: [], problems: useless.map(problemOf) }
  const tooMany = pictures.slice(requestLimits.inputs).map(({ name }): Omitted => ({ name, why: 'too_many' }))
  return { inputs: pictures.slice(0, requestLimits.inputs), omitted: [...useless, ...tooMany], problems: [] }
}

/** "Make it night" is said of a picture whose shape nobody wants changed, and what was hidden stays hidden. */
export function inherited(parent: Pick<JobFacts, 'request'> | null): Partial<ImageRequestInput> {
  return parent === null ? {} : { aspectRatio: parent.request.aspectRatio, spoiler: parent.request.spoiler }
}

function problemOf(omitted: Omitted): Problem {
  const { name, why } = omitted
  return why === 'not_a_picture' ? { kind: why, name } : { kind: 'picture_unusable', omitted }
}

function pointedAt(attachment: APIAttachment): Pointed {
  const why = troubleOf(attachment)
  return why === null
    ? { kind: 'picture', ref: inputOf(attachment) }
    : { kind: 'useless', omitted: { name: attachment.filename, why } }
}

function looks({ attachments = [], embeds = [], components = [] }: Looks, apiUrl: string): Pointed[] {
  const media = [...embeds.flatMap(embedded), ...components.flatMap(galleried)]
  const attached = attachments.filter((file) => troubleOf(file) !== 'not_a_picture').map(pointedAt)
  return [...attached, ...media.flatMap((one) => linked(one, apiUrl))]
}

type Media = Pick<APIUnfurledMediaItem, 'url' | 'proxy_url'>

/** A link that Discord unfolded to its picture, or a picture that a bot put there; a page's preview is neither. */
function embedded({ type, image, thumbnail }: APIEmbed): Media[] {
  const media = image ?? ((type as string | undefined) === 'image' ? thumbnail : undefined)
  return media === undefined ? [] : [media]
}

function galleried(component: unknown): Media[] {
  if (typeof component !== 'object' || component === null || !('type' in component)) return []
  const { type, items, media, accessory, components } = component as {
    readonly type: ComponentType
    readonly items?: readonly APIMediaGalleryItem[]
    readonly media?: APIThumbnailComponent['media']
    readonly accessory?: unknown
    readonly components?: readonly unknown[]
  }
  if (type === ComponentType.MediaGallery) return (items ?? []).map((item) => item.media)
  if (type === ComponentType.Thumbnail) return media === undefined ? [] : [media]
  return [accessory, ...(components ?? [])].flatMap(galleried)
}

/** Only what Discord itself serves is fetched. */
function linked({ url, proxy_url }: Media, apiUrl: string): Pointed[] {
  const { protocol, pathname } = URL.parse(url) ?? { protocol: '', pathname: '' }
  // `attachment://` names a file of the same message, which is among its attachments.
  if (!/^https?:$/.test(protocol)) return []
  const name = pathname.split('/').at(-1) ?? ''
  const served = [url, proxy_url].find((one) => one !== undefined && isServed(one, apiUrl))
  if (served === undefined) return [{ kind: 'useless', omitted: { name, why: 'not_visible' } }]
  return [{ kind: 'picture', ref: { kind: 'remote', name, at: { url: served, size: 0, contentType: null } } }]
}
