import type { Failure, FailureCode } from '../failure.ts'
import type { Messages, Words } from '../messages.ts'
import { creditsPerPicture, type Problem, requestLimits } from '../request.ts'
import { knownFlags } from '../text.ts'

const ratioNames = { '1:1': 'square', '2:3': 'portrait', '3:2': 'landscape' } as const

const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request: 'The image service did not accept this request. Change the words or the pictures and try again.',
  content_rejected: 'The image service declined this request because of its content rules. Try other words.',
  workspace_not_allowed: 'This bot is not set up for this place. Ask whoever runs the bot to allow it.',
  day_spent: 'Today’s credits for this bot are used up. Try again tomorrow, or ask whoever runs the bot.',
  person_day_spent: 'Your credits for today are used up. Try again tomorrow.',
  input_unreachable: 'Your picture could not be downloaded. Attach it again.',
  input_not_picture: 'That file is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.',
  input_empty: 'That file is empty. Attach the picture again.',
  input_too_large: 'That picture is larger than 20 MB. Attach a smaller one.',
  input_too_many_pixels: 'That picture has too many pixels. Attach a smaller one.',
  input_needs_public_url:
    'Editing pictures is not set up here yet. Whoever runs the bot can turn it on by setting PUBLIC_URL. Making pictures from words works.',
  input_gone: 'The picture is no longer there. Attach it again.',
  key_rejected: 'The image service does not accept this bot’s key. Whoever runs the bot has to renew it.',
  credits_exhausted:
    'The image service says that this bot’s credits are used up. Whoever runs the bot has to buy more.',
  rate_limited: 'The image service is too busy right now. Try again in a few minutes.',
  maintenance: 'The image service is being maintained. Try again in a few minutes.',
  upstream_unavailable: 'The image service can’t be reached. Try again in a few minutes.',
  upstream_failed: 'The image service could not make this picture. Try again, or use other words.',
  unexpected_answer: 'The image service gave an answer that makes no sense. Try again in a few minutes.',
  outcome_unknown:
    'The image service did not confirm this request, so it was not sent again: it might have been charged twice. You can ask again if you like.',
  task_unknown: 'The image service lost this request. Ask again.',
  timed_out: 'The image service took too long. Ask again.',
  result_gone: 'The picture was made, but the image service no longer has it. Ask again.',
  result_not_picture: 'The image service sent something that is not a picture. Ask again.',
  delivery_gone: 'The message for this picture was deleted. Ask again if you still want it.',
  delivery_refused:
    'The picture was made, but this channel does not accept it. Ask a moderator, or try another channel.',
  permission_missing:
    'The picture was made, but the bot may not post pictures here. Ask a moderator to allow it to attach files.',
  result_too_large: 'The picture was made, but it is too large for this chat. Ask again with medium quality.',
  surface_unavailable: 'The chat could not be reached. Ask again in a few minutes.',
  token_rejected: 'The bot is not signed in here any more. Whoever runs it has to set it up again.',
  store_unavailable: 'The bot can’t write down requests right now, so nothing was started. Try again in a minute.',
  not_ours: 'Something went wrong on our side. Ask again.',
  configuration: 'The bot is not set up completely. Tell whoever runs it.',
  internal: 'Something went wrong on our side. Ask again; if it happens again, tell whoever runs the bot.',
}

/** English, the language that every other falls back to. */
export const english: Messages = {
  locale: 'en',
  queued: (place) => (place === null ? 'In line…' : place <= 1 ? 'Next in line…' : `In line, number ${place}…`),
  preparing: (inputCount) => (inputCount === 1 ? 'Reading your picture…' : 'Reading your pictures…'),
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late) return 'The image service takes too long. If the picture still comes within a day, it appears here.'
    const counted = total > 1 ? `Drawing, ${done} of ${total} done` : 'Drawing'
    if (remainingMs === null) return `${counted}, ${seconds(elapsedMs)} so far. This one takes longer than usual…`
    return `${counted}, ${seconds(elapsedMs)} so far, about ${seconds(Math.max(1_000, remainingMs))} to go…`
  },
  made: ({ ratio, quality, credits, tookMs, edited }) =>
    [
      edited ? 'Edited' : 'Made',
      `in ${seconds(tookMs)}`,
      '·',
      `${ratio} ${ratioNames[ratio]}`,
      '·',
      `${quality} quality`,
      '·',
      creditsText(credits),
    ].join(' '),
  partly: (made, total, failure) => `${made} of ${total} pictures were made. ${failed(failure)}`,
  failed,
  cancelled: (credits, pending) => {
    if (credits === 0) return 'Cancelled. Nothing was charged.'
    if (pending)
      return `Cancelled. The picture was already being made, which can’t be stopped: it costs ${creditsText(credits)}.`
    return `Cancelled. The picture had already been made: ${creditsText(credits)} spent.`
  },
  cancelAnswer: (answer) => {
    switch (answer) {
      case 'cancelled':
        return 'Cancelled.'
      case 'finished':
        return 'This one is already finished.'
      case 'not_yours':
        return 'Only the person who asked can cancel this.'
      case 'unknown':
        return 'This request is too old to be cancelled.'
    }
  },
  underWay: 'This is already on its way.',
  oldButton: 'This button is from an older version of the bot. Ask again instead.',
  problem,
  help: (command) => [
    `${command} a fox in the snow`,
    `Add --ar 1:1, 2:3 or 3:2 for the shape, --hq for high quality (${creditsPerPicture.high} instead of ${creditsPerPicture.medium} credits), --count 2 for several pictures.`,
    'Attach a picture, or reply to one, and say what to change.',
  ],
  inThread: 'The picture is in this message’s thread.',
  invite: (command) => `The bot is not in this channel. With ${command} it can do more here.`,
  reduced: 'Made smaller to fit this chat’s upload limit.',
  alt: (prompt, edited) => `${edited ? 'Edited picture' : 'Picture'}: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'High' : 'Medium'} (${creditsPerPicture[quality]} credits)`,
  ratio: (ratio) => `${ratio} ${ratioNames[ratio]}`,
  labels: { cancel: 'Cancel', reply: 'Edit', askedBy: 'Asked by' },
  command: {
    imagine: 'Make a picture from words, or edit pictures',
    prompt: 'What to draw, or what to change in the pictures',
    aspectRatio: 'Shape of the picture (square if you say nothing)',
    quality: 'Medium costs 10 credits, high 28',
    image: 'A picture to edit',
    moreImages: 'Another picture to use',
    count: 'How many pictures, 1 to 4',
    private: 'Show the picture only to me',
  },
}

function failed(failure: Failure): string {
  return failures[failure.code]
}

function problem(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Say what to draw, for example: a fox in the snow.']
    case 'prompt_too_short':
      return [`Say a little more: at least ${problem.min} characters.`]
    case 'prompt_too_long':
      return [`That is ${problem.length} characters long. Use at most ${problem.max}.`]
    case 'unknown_flag':
      return ['I don’t know ', { quoted: problem.flag }, `. I know ${listed(knownFlags, 'and')}.`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` needs a value: ${listed(problem.allowed, 'or')}.`]
    case 'flag_value_unknown':
      return [
        'I don’t know the value ',
        { quoted: problem.value },
        ' for ',
        { quoted: problem.flag },
        `. Use ${listed(problem.allowed, 'or')}.`,
      ]
    case 'too_many_inputs':
      return [`That is ${problem.given} pictures. Use at most ${requestLimits.inputs}.`]
    case 'not_a_picture':
      return [{ quoted: problem.name }, ' is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.']
  }
}

function listed(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}

function creditsText(credits: number): string {
  return credits === 1 ? '1 credit' : `${credits} credits`
}

function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000))
  if (whole < 120) return `${whole} s`
  return `${Math.round(whole / 60)} min`
}
