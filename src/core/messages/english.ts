import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './english/failures.ts'
import { labels } from './english/labels.ts'
import { omissions, problemWords } from './english/problems.ts'
import { wording } from './wording.ts'

const { counted, duration, names } = wording.en
const credits = (count: number) => counted(count, 'credit', 'credits')
const ratios = { '1:1': 'square', '2:3': 'portrait', '3:2': 'landscape' } as const

/** English, the language that every other falls back to. */
export const english: Messages = {
  locale: 'en',
  queued: (place) => (place === null ? 'In line…' : place <= 1 ? 'Next in line…' : `In line, number ${place}…`),
  preparing: (inputCount) => (inputCount === 1 ? 'Reading your picture…' : 'Reading your pictures…'),
  sharing: 'Sharing…',
  pressToSee: (button) => `This takes long. Press ${button} to see how far it is.`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late) return 'The image service takes too long. If the picture still comes within a day, it appears here.'
    const drawing = `Drawing${total > 1 ? `, ${done} of ${total} done` : ''}, ${duration(elapsedMs)} so far`
    if (remainingMs === null) return `${drawing}. This one takes longer than usual…`
    return `${drawing}, about ${duration(Math.max(1_000, remainingMs))} to go…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${edited ? 'Edited' : 'Made'} in ${duration(tookMs)}`,
      `${ratio} ${ratios[ratio]}`,
      `${quality} quality`,
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `${made} of ${total} pictures were made. ${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'Cancelled. Nothing was charged.'
    if (pending)
      return `Cancelled. The picture was already being made, which can’t be stopped: it costs ${credits(cost)}.`
    return `Cancelled. The picture had already been made: ${credits(cost)} spent.`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'Cancelled.',
      finished: 'This one is already finished.',
      not_yours: 'Only the person who asked can cancel this.',
      unknown: 'This request is too old to be cancelled.',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: 'Deleted.',
      not_yours: 'Only the person who asked, or a moderator, can delete this.',
      live: 'This picture is still being made. Cancel it first.',
      unknown: 'The bot no longer knows this picture. Delete the message by hand.',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `The bot no longer knows this picture. Ask anew with ${command}.`,
      not_yours: 'This picture belongs to somebody else.',
      live: 'This picture is still being made. Try again when it is done.',
    })[why],
  noPicture: 'I can’t see a picture there. Attach one, or reply to a message that has one.',
  unread: `I can’t read this message. Mention me in your reply and say what to change, or open the picture’s menu and choose Apps, then ${labels.command.editImage}.`,
  unseen: `I can’t see what is in that message. Attach its picture here, or open its menu and choose Apps, then ${labels.command.editImage}.`,
  formExpired: 'This form was open for too long. Open it again.',
  formLate: 'That took too long, so the form did not open. Try again.',
  used: (given) => ['Uses ', ...names(given), '.'],
  omitted: (omitted) => [
    'Not used: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `Today: ${today} of ${credits(personDayCap)}.` : `Today: ${credits(today)}.`,
    `Last 30 days: ${credits(month)}, ${counted(pictures, 'picture', 'pictures')}.`,
    ...(dayOver ? ['Everybody’s credits for today are used up. There are new ones tomorrow.'] : []),
  ],
  unfinished: { live: 'Still being made', failed: 'Not made', cancelled: 'Cancelled' },
  nothingYet: (command) => `No pictures yet. Try ${command} a fox in the snow.`,
  nthPicture: (n) => `Picture ${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'Made from words',
      edit: 'Edited',
      again: 'Made again',
      upgrade: 'Made in high quality',
      variations: 'Variations',
      share: 'Shared',
    })[action],
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
  quality: (quality) => `${quality === 'high' ? 'High' : 'Medium'} (${credits(creditsPerPicture[quality])})`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
