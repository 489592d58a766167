import type { Failure } from '../failure.ts'
import type { JobAction } from '../job.ts'
import type { Messages, Words } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failureWords } from './english-failures.ts'
import { englishLabels } from './english-labels.ts'
import { omissionWords, problemWords } from './english-problems.ts'

const ratioNames = { '1:1': 'square', '2:3': 'portrait', '3:2': 'landscape' } as const

/** English, the language that every other falls back to. */
export const english: Messages = {
  locale: 'en',
  queued: (place) => (place === null ? 'In line…' : place <= 1 ? 'Next in line…' : `In line, number ${place}…`),
  preparing: (inputCount) => (inputCount === 1 ? 'Reading your picture…' : 'Reading your pictures…'),
  sharing: 'Sharing…',
  pressToSee: (button) => `This takes long. Press ${button} to see how far it is.`,
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
  eraseAnswer: (answer) => {
    switch (answer) {
      case 'erased':
        return 'Deleted.'
      case 'not_yours':
        return 'Only the person who asked, or a moderator, can delete this.'
      case 'live':
        return 'This picture is still being made. Cancel it first.'
      case 'unknown':
        return 'The bot no longer knows this picture. Delete the message by hand.'
    }
  },
  noJob: (why, command) => {
    switch (why) {
      case 'unknown':
        return `The bot no longer knows this picture. Ask anew with ${command}.`
      case 'not_yours':
        return 'This picture belongs to somebody else.'
      case 'live':
        return 'This picture is still being made. Try again when it is done.'
    }
  },
  noPicture: 'I can’t see a picture there. Attach one, or reply to a message that has one.',
  unread:
    'I can’t read this message. Mention me in your reply and say what to change, or open the picture’s menu and choose Apps, then Edit image.',
  unseen:
    'I can’t see what is in that message. Attach its picture here, or open its menu and choose Apps, then Edit image.',
  formExpired: 'This form was open for too long. Open it again.',
  formLate: 'That took too long, so the form did not open. Try again.',
  used: (names) => ['Uses ', ...enumerated(names), '.'],
  omitted: (omitted) => [
    'Not used: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissionWords[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `Today: ${today} of ${creditsText(personDayCap)}.` : `Today: ${creditsText(today)}.`,
    `Last 30 days: ${creditsText(month)}, ${pictures === 1 ? '1 picture' : `${pictures} pictures`}.`,
    ...(dayOver ? ['Everybody’s credits for today are used up. There are new ones tomorrow.'] : []),
  ],
  unfinished: { live: 'Still being made', failed: 'Not made', cancelled: 'Cancelled' },
  nothingYet: (command) => `No pictures yet. Try ${command} a fox in the snow.`,
  nthPicture: (n) => `Picture ${n}`,
  credits: creditsText,
  duration: seconds,
  action: (action) => actions[action],
  underWay: 'This is already on its way.',
  oldButton: 'This button is from an older version of the bot. Ask again instead.',
  problem: problemWords,
  help: (command) => [
    `${command} a fox in the snow`,
    `Add --ar 1:1, 2:3 or 3:2 for the shape, --hq for high quality (${creditsPerPicture.high} instead of ${creditsPerPicture.medium} credits), --count 2 for several pictures.`,
    'Attach a picture, or reply to one, and say what to change.',
  ],
  inThread: 'The picture is in this message’s thread.',
  away: (command) =>
    `The bot is not in the channel, so the answer comes here. With ${command} in the channel it can answer there.`,
  closed: 'The channel takes no posts from apps (it may be archived or restricted), so the answer comes here.',
  linked: 'The picture could not be put here. This link works for a day or more: save the picture soon.',
  invite: (command) => `The bot is not in this channel. With ${command} it can do more here.`,
  reduced: 'Made smaller to fit this chat’s upload limit.',
  alt: (prompt, edited) => `${edited ? 'Edited picture' : 'Picture'}: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'High' : 'Medium'} (${creditsPerPicture[quality]} credits)`,
  ratio: (ratio) => `${ratio} ${ratioNames[ratio]}`,
  ...englishLabels,
}

function failed(failure: Failure): string {
  return failureWords[failure.code]
}

const actions: Readonly<Record<JobAction, string>> = {
  imagine: 'Made from words',
  edit: 'Edited',
  again: 'Made again',
  upgrade: 'Made in high quality',
  variations: 'Variations',
  share: 'Shared',
}

/** Names as they were given, between our own commas. */
function enumerated(names: readonly string[]): Words {
  return names.flatMap((name, at) => [at === 0 ? '' : at === names.length - 1 ? ' and ' : ', ', { quoted: name }])
}

function creditsText(credits: number): string {
  return credits === 1 ? '1 credit' : `${credits} credits`
}

function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000))
  if (whole < 120) return `${whole} s`
  return `${Math.round(whole / 60)} min`
}
