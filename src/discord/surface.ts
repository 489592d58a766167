import { MessageFlags } from 'discord.js'
import { AppError } from '../core/failure.ts'
import type { Receipt } from '../core/job.ts'
import type { AdapterTools, Call, OpenPicture, Surface } from '../core/ports.ts'
import type { JobView, ViewOf } from '../core/view.ts'
import { type DownloadPolicy, inputCodes, remotePicture } from '../media/download.ts'
import { inputLimits, resultBytes } from '../media/limits.ts'
import { createSlots } from '../media/slots.ts'
import { addressOf, messageKeyOf, type Place, placeOf } from './address.ts'
import { readAttachment } from './attachment.ts'
import type { Trouble } from './errors.ts'
import * as limits from './limits.ts'
import { multipart } from './multipart.ts'
import { type Pacing, paceOf } from './pace.ts'
import type { Edit, Message, Platform } from './platform.ts'
import type { PlatformTime } from './platform-time.ts'
import { nonceOf, post } from './post.ts'
import { isOver, renderJob } from './render.ts'
import type { Terms } from './rest.ts'
import { expiryOf, filesOf, type ResultFile, readFile } from './result-file.ts'
import { isServed } from './served.ts'
import { openUpload, type Upload } from './upload.ts'

export interface SurfaceOptions {
  readonly platform: Platform
  readonly time: PlatformTime
  readonly pacing: Pacing
  readonly apiUrl: string
  readonly tools: Pick<AdapterTools, 'newId' | 'step'>
}

/** Results sent at once; acks and progress keep the other connections. */
const uploadsAtOnce = 16
const downloadTimeoutMs = 15_000
const ephemeralFlag: number = MessageFlags.Ephemeral
const lookTerms = { patienceMs: 5_000, timeoutMs: 15_000 }

/** The only place that writes jobs to Discord. */
export function createSurface({ platform, time, pacing, apiUrl, tools }: SurfaceOptions): Surface {
  const uploads = createSlots(uploadsAtOnce)
  const policy: DownloadPolicy = {
    hosts: limits.cdnHosts,
    // A stand-in serves everything from one origin.
    origins: [new URL(apiUrl).origin],
    maxBytes: inputLimits.sourceBytes,
    codes: inputCodes,
    timeoutMs: downloadTimeoutMs,
  }

  const alive = ({ secret }: Place) => secret !== null && time.now() < secret.issuedAt + limits.tokenMs

  async function showResult(place: Place, view: ViewOf<'result'>, call: Call): Promise<Receipt> {
    const first = await open(view, alive(place) ? place.uploadBytes : limits.uploadBytes, call)
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

  const open = (view: ViewOf<'result'>, maxBytes: number, { signal }: Call) =>
    openUpload(view.pictures, view.jobId, maxBytes, signal)

  async function send(place: Place, view: ViewOf<'result'>, call: Call, opened: Upload): Promise<Receipt> {
    try {
      await tools.step('uploading', view.jobId)
      return await put(place, view, call, opened)
    } finally {
      await opened.close()
    }
  }

  /**
   * The job's message by the first way that is open: the interaction's token; the bot's own token on the same message;
   * a new message where that one is gone.
   */
  async function put(place: Place, view: JobView, call: Call, files: Upload | null): Promise<Receipt> {
    const edit = editOf(view, files)
    const terms = termsOf(view, call, files)
    const { secret } = place
    const byToken =
      secret !== null && alive(place)
        ? await platform.editReply({ applicationId: place.applicationId, token: secret.token }, edit, terms)
        : null
    if (byToken?.ok === true) return receiptOf(place, byToken.body, files)
    if (byToken !== null && !leadsOn(byToken.trouble, view)) throw byToken.error
    // What is left for these, a press that brings a fresh token or a direct message, goes here.
    if (place.ephemeral || !place.botReaches)
      throw new AppError('delivery_gone', { detail: 'the interaction’s token was the only way to this message' })
    if (files !== null && files.largest > limits.uploadBytes)
      throw new AppError('result_too_large', { detail: 'allowed by the person’s limit, not by the bot’s' })
    // From here on the token is of no use, whatever its age.
    const known: Place = { ...place, secret: null }
    if (known.messageId !== null && byToken?.trouble !== 'message_gone') {
      const byBot = await platform.editMessage(known.channelId, known.messageId, edit, terms)
      if (byBot.ok) return receiptOf(known, byBot.body, files)
      if (!leadsOn(byBot.trouble, view)) throw byBot.error
    }
    return postAnew(known, view, edit, terms, files)
  }

  /** Words first, then the picture into them: a repeat after a crash finds the same message by its nonce. */
  async function postAnew(
    place: Place,
    view: JobView,
    edit: Edit,
    terms: Terms,
    files: Upload | null,
  ): Promise<Receipt> {
    const { attachments: _, ...message } = edit.message
    const { channelId, replyTo, messageId } = place
    // A job's first message is one, whatever it was to show when its answer got lost.
    const nonce = messageId === null ? nonceOf(view.jobId) : nonceOf(view.jobId, view.kind, messageId)
    const posted = await post(platform, { channelId, replyTo, message, nonce }, terms)
    if (!posted.ok) throw posted.error
    const upToDate = messageId !== null || view.kind === 'queued'
    if (files === null && upToDate) return receiptOf(place, posted.body, files)
    const said = await platform.editMessage(place.channelId, posted.body.id, edit, terms)
    if (!said.ok) throw said.error
    return receiptOf(place, said.body, files)
  }

  function editOf(view: JobView, files: Upload | null): Edit {
    const names = files?.files.map(({ name }) => name) ?? []
    const message = renderJob(view, files && { names, reduced: files.reduced })
    return { message, form: files && multipart(message, files.files, `imagine-${tools.newId()}`) }
  }

  async function openShown(file: ResultFile, signal: AbortSignal): Promise<OpenPicture> {
    const shownPolicy = { ...policy, maxBytes: resultBytes }
    const expiry = expiryOf(file.url)
    if (expiry === null || expiry > time.now()) {
      try {
        return await remotePicture(file.url, shownPolicy).open(signal)
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'input_gone')) throw error
      }
    }
    if (file.ephemeral) throw new AppError('input_gone', { detail: 'an ephemeral message can’t be looked up' })
    const said = await platform.getMessage(file.channelId, file.messageId, { signal, ...lookTerms })
    if (!said.ok) {
      const passing = said.trouble === 'unavailable' || said.trouble === 'limited'
      throw new AppError(passing ? 'input_unreachable' : 'input_gone', { detail: said.error.detail })
    }
    const fresh = said.body.attachments.find(({ id }) => id === file.attachmentId)
    if (fresh === undefined) throw new AppError('input_gone', { detail: 'no longer in its message' })
    return remotePicture(fresh.url, shownPolicy).open(signal)
  }

  return {
    name: 'discord',
    show: async (address, view, call) => {
      const place = placeOf(address)
      if (view.kind !== 'result') return put(place, view, call, null)
      return uploads.run(call.signal, () => showResult(place, view, call))
    },
    pace: (elapsedMs, live) => paceOf(elapsedMs, live, pacing),
    input: (ref) => {
      const { url } = readAttachment(ref.at)
      return { picture: remotePicture(url, policy), publicUrl: isServed(url, apiUrl) ? url : null }
    },
    picture: (receipt, n) => ({ open: async (signal) => openShown(readFile(receipt.files, n), signal) }),
  }
}

function termsOf(view: JobView, call: Call, files: Upload | null): Terms {
  // Progress never waits for a limit, and is awaited once it is sent: it must not arrive after the result.
  if (!isOver(view)) return { ...call, patienceMs: 0, timeoutMs: 5_000, finish: true }
  return { ...call, patienceMs: 5_000, timeoutMs: files === null ? 15_000 : 120_000 }
}

/** Whether the next way is to be tried. A message that somebody deleted is posted anew only for an outcome worth it. */
function leadsOn(trouble: Trouble, view: JobView): boolean {
  if (trouble === 'token_over' || trouble === 'interaction_gone') return true
  if (trouble !== 'message_gone' && trouble !== 'archived') return false
  return view.kind === 'result' || view.kind === 'failed'
}

function receiptOf(place: Place, message: Message, files: Upload | null): Receipt {
  const ephemeral = place.ephemeral || ((message.flags ?? 0) & ephemeralFlag) !== 0
  const at: Place = { ...place, messageId: message.id, ephemeral }
  const names = files?.files.map(({ name }) => name) ?? []
  return { address: addressOf(at), messageKey: messageKeyOf(at), files: filesOf(message, names, ephemeral) }
}
