import { MessageFlags } from 'discord.js'
import { AppError } from '../core/failure.ts'
import type { Receipt } from '../core/job.ts'
import type { AdapterTools, ShowCall, Surface } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { createSlots } from '../media/slots.ts'
import { addressOf, messageKeyOf, type Place, placeOf } from './address.ts'
import { readAttachment } from './attachment.ts'
import type { Trouble } from './errors.ts'
import * as limits from './limits.ts'
import { multipart } from './multipart.ts'
import { type Pacing, paceOf } from './pace.ts'
import type { Pictures } from './pictures.ts'
import type { Edit, Message, Platform, Said } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { nonceOf, post } from './post.ts'
import { isOver, renderJob } from './render.ts'
import type { Terms } from './rest.ts'
import { filesOf, readFile } from './result-file.ts'
import type { FreshTokens, Token } from './tokens.ts'
import { openUpload, type Upload } from './upload.ts'

export interface SurfaceOptions {
  readonly platform: Platform
  readonly time: PlatformTime
  readonly pacing: Pacing
  readonly pictures: Pictures
  readonly tokens: FreshTokens
  readonly tools: Pick<AdapterTools, 'newId' | 'step'>
}

/** A view on its way into a message. */
interface Show {
  readonly view: JobView
  readonly call: ShowCall
  readonly files: Upload | null
}

/** An edit by an interaction's token. */
interface Tried {
  readonly token: Token
  readonly said: Said<Message>
}

/** Results sent at once; acks and progress keep the other connections. */
const uploadsAtOnce = 16
const ephemeralFlag: number = MessageFlags.Ephemeral
/** How soon an outcome that nobody can be shown is tried again: somebody may press meanwhile. */
const pressMs = 45_000
/** People remembered for taking no direct messages: asking again and again counts against us. */
const closedDoors = 1_000

/** The only place that writes jobs to Discord. */
export function createSurface({ platform, time, pacing, pictures, tokens, tools }: SurfaceOptions): Surface {
  const uploads = createSlots(uploadsAtOnce)
  const closed = new Set<string>()

  const alive = (token: Token | null): token is Token => token !== null && time.now() < token.issuedAt + limits.tokenMs

  const isEnding = ({ issuedAt }: Token) => time.now() >= issuedAt + limits.handOverMs

  async function showResult(place: Place, view: ViewOf<'result'>, call: ShowCall): Promise<Receipt> {
    const first = await open(view, alive(place.secret) ? place.uploadBytes : limits.uploadBytes, call)
    try {
      return await send(place, view, call, first)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'result_too_large')) throw error
    }
    // Discord takes less here than it said: once more, well within every limit.
    const share = Math.floor((limits.requestBytes * 0.95) / view.pictures.length)
    const less = first.largest > limits.uploadBytes ? limits.uploadBytes : Math.floor(first.largest / 2)
    return send(place, view, call, await open(view, Math.min(less, share), call))
  }

  const open = (view: ViewOf<'result'>, maxBytes: number, { signal }: ShowCall) =>
    openUpload(view.pictures, view.jobId, maxBytes, signal)

  async function send(place: Place, view: ViewOf<'result'>, call: ShowCall, files: Upload): Promise<Receipt> {
    try {
      await tools.step('uploading', view.jobId)
      return await put(place, { view, call, files })
    } finally {
      await files.close()
    }
  }

  /**
   * The job's message by the first way that is open: an interaction's token; the bot's own token on the same message; a
   * new message where that one is gone; a direct message where nothing else is left.
   */
  async function put(place: Place, show: Show): Promise<Receipt> {
    const { view } = show
    const tried = await throughToken(place, show)
    if (tried?.said.ok === true) return receiptOf({ ...place, secret: tried.token }, tried.said.body, show)
    const refusal = tried?.said.ok === false ? tried.said : null
    if (refusal !== null && !leadsOn(refusal.trouble, view)) throw refusal.error
    // From here on the token is of no use, whatever its age.
    const known: Place = { ...place, secret: null }
    if (refusal?.trouble === 'place_gone') return toPerson(known, show)
    if (isReached(known)) return throughBot(known, show, refusal?.trouble === 'message_gone')
    if (isOver(view)) return toPerson(known, show)
    // A refused token is not tried again: Discord counts that against us.
    if (refusal !== null)
      await show.call.keep({ address: addressOf(known), messageKey: messageKeyOf(known), files: [] })
    throw new AppError('surface_unavailable', { detail: 'out of reach until somebody presses its button' })
  }

  /** Null where no token is left. A press brings a new one for what only tokens reach. */
  async function throughToken(place: Place, show: Show): Promise<Tried | null> {
    const edit = async (token: Token): Promise<Tried> => {
      const door = { applicationId: place.applicationId, token: token.token }
      return { token, said: await platform.editReply(door, editOf(place, show, token), termsOf(show)) }
    }
    const own = alive(place.secret) ? await edit(place.secret) : null
    const over = own === null || (!own.said.ok && own.said.trouble === 'token_over')
    if (!over || isReached(place)) return own
    const fresh = await tokens.find(show.view.jobId)
    return alive(fresh) && fresh.token !== place.secret?.token ? edit(fresh) : own
  }

  async function throughBot(place: Place, show: Show, messageGone: boolean): Promise<Receipt> {
    checkSize(show)
    if (place.messageId === null || messageGone) return postAnew(place, show)
    const said = await platform.editMessage(place.channelId, place.messageId, editOf(place, show, null), termsOf(show))
    if (said.ok) return receiptOf(place, said.body, show)
    if (!leadsOn(said.trouble, show.view)) throw said.error
    return said.trouble === 'place_gone' ? toPerson(place, show) : postAnew(place, show)
  }

  /** Words first, then the picture into them: a repeat after a crash finds the same message. */
  async function postAnew(place: Place, show: Show): Promise<Receipt> {
    const { view, call, files } = show
    const { channelId, replyTo, messageId } = place
    const edit = editOf(place, show, null)
    const { attachments: _, ...message } = edit.message
    // A job's first message is one, whatever it was to show when its answer got lost.
    const nonce = messageId === null ? nonceOf(view.jobId) : nonceOf(view.jobId, view.kind, messageId)
    const posted = await post(platform, { channelId, replyTo, message, nonce }, termsOf(show))
    if (!posted.ok) {
      const shut = posted.trouble === 'forbidden' || posted.trouble === 'place_gone'
      if (shut && worthANewMessage(view) && place.guildId !== null) return toPerson(place, show)
      throw posted.error
    }
    const upToDate = messageId !== null || view.kind === 'queued'
    const receipt = receiptOf(place, posted.body, { ...show, files: null })
    if (files === null && upToDate) return receipt
    if (files !== null) await call.keep(receipt)
    const said = await platform.editMessage(channelId, posted.body.id, edit, termsOf(show))
    if (!said.ok) throw said.error
    return receiptOf(place, said.body, show)
  }

  /** The last way to somebody who waits for a picture. */
  async function toPerson(place: Place, show: Show): Promise<Receipt> {
    const { view } = show
    const gone = new AppError('delivery_gone', { detail: 'no way is left to this message' })
    if (!worthANewMessage(view)) throw gone
    checkSize(show)
    if (!closed.has(view.person.id)) {
      const opened = await platform.directMessages(view.person.id, termsOf(show))
      if (!opened.ok && opened.trouble !== 'unwelcome') throw opened.error
      if (opened.ok) {
        const direct = { channelId: opened.body.id, guildId: null, messageId: null, replyTo: null }
        const at: Place = { ...place, ...direct, ephemeral: false, botReaches: true, secret: null }
        try {
          return await postAnew(at, show)
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'delivery_gone')) throw error
        }
      }
      if (closed.size >= closedDoors) closed.clear()
      closed.add(view.person.id)
    }
    if (isReached(place)) throw gone
    // Whoever presses the button of the old message opens it for us once more.
    throw new AppError('surface_unavailable', { detail: 'takes no direct messages', retryAfterMs: pressMs })
  }

  function editOf(place: Place, { view, files }: Show, token: Token | null): Edit {
    const names = files?.files.map(({ name }) => name) ?? []
    const message = renderJob(view, {
      files: files && { names, reduced: files.reduced },
      spoiler: place.spoiler || view.request.spoiler,
      shareable: place.ephemeral && (place.botReaches || view.request.private),
      ending: !isReached(place) && token !== null && isEnding(token),
    })
    return { message, form: files && multipart(message, files.files, `imagine-${tools.newId()}`) }
  }

  return {
    name: 'discord',
    show: async (address, view, call) => {
      const place = placeOf(address)
      if (view.kind !== 'result') return put(place, { view, call, files: null })
      return uploads.run(call.signal, () => showResult(place, view, call))
    },
    pace: (elapsedMs, live, inChannel) => paceOf({ elapsedMs, live, inChannel }, pacing),
    stale: (address) => {
      const place = placeOf(address)
      return !isReached(place) && (place.secret === null || isEnding(place.secret))
    },
    input: (ref) => pictures.handedIn(readAttachment(ref.at).url),
    picture: ({ files }, n) => pictures.shown(() => readFile(files, n)),
  }
}

/** Whether the bot's own token can edit messages of this place. */
function isReached({ ephemeral, botReaches }: Place): boolean {
  return botReaches && !ephemeral
}

/** What was within the person's limit may be beyond the bot's own. */
function checkSize({ files }: Show): void {
  if (files !== null && files.largest > limits.uploadBytes)
    throw new AppError('result_too_large', { detail: 'allowed by the person’s limit, not by the bot’s' })
}

function termsOf({ view, call, files }: Show): Terms {
  const { signal, gate } = call
  // Progress never waits for a limit, and is awaited once it is sent: it must not arrive after the result.
  if (!isOver(view)) return { signal, gate, patienceMs: 0, timeoutMs: 5_000, finish: true }
  return { signal, gate, patienceMs: 5_000, timeoutMs: files === null ? 15_000 : 120_000 }
}

/** Whether the next way is to be tried. A message that somebody deleted is posted anew only for an outcome worth it. */
function leadsOn(trouble: Trouble, view: JobView): boolean {
  if (trouble === 'token_over' || trouble === 'interaction_gone') return true
  const lost = trouble === 'message_gone' || trouble === 'archived' || trouble === 'place_gone'
  return lost && worthANewMessage(view)
}

function worthANewMessage(view: JobView): boolean {
  return view.kind === 'result' || view.kind === 'failed'
}

function receiptOf(place: Place, message: Message, { files }: Show): Receipt {
  const ephemeral = place.ephemeral || ((message.flags ?? 0) & ephemeralFlag) !== 0
  const at: Place = { ...place, messageId: message.id, ephemeral }
  const names = files?.files.map(({ name }) => name) ?? []
  return { address: addressOf(at), messageKey: messageKeyOf(at), files: filesOf(message, names, ephemeral) }
}
