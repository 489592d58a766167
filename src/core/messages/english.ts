import type { Failure, FailureCode } from '../failure.ts'
import type { JobAction, Omitted } from '../job.ts'
import type { Messages, Words } from '../messages.ts'
import { type BotPermission, creditsPerPicture, type Problem, requestLimits } from '../request.ts'
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
  accept_unknown:
    'The bot lost its database for a moment. If your picture does not appear here within a few minutes, ask again.',
  not_ours: 'Something went wrong on our side. Ask again.',
  configuration: 'The bot is not set up completely. Tell whoever runs it.',
  internal: 'Something went wrong on our side. Ask again; if it happens again, tell whoever runs the bot.',
}

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
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
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
  problem,
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
  labels: {
    cancel: 'Cancel',
    drawing: 'is drawing…',
    eraseSure: 'This deletes the picture and its message for everybody.',
    keep: 'Keep it',
    reply: 'Edit',
    askedBy: 'Asked by',
    sharedBy: 'Shared by',
    again: 'Again',
    edit: 'Edit…',
    upgrade: 'High quality',
    variations: 'Variations',
    details: 'Details',
    erase: 'Delete',
    share: 'Share',
    shareToChannel: 'Share to channel…',
    shareToThread: 'Share to thread',
    showResult: 'Show result',
    open: 'Open',
    older: 'Older',
    newer: 'Newer',
    history: 'Your pictures',
    usage: 'Your credits',
    howTo: 'How to use it',
    repliedTo: 'the message you answered',
  },
  form: {
    create: 'Create a picture',
    edit: 'Edit a picture',
    share: 'Share a picture',
    prompt: 'What to draw',
    promptHint: 'A fox in the snow, watercolour',
    change: 'What to change',
    changeHint: 'Make it night',
    pictures: 'Pictures to use',
    picturesHint: 'PNG, JPEG, WebP, GIF, AVIF or HEIC, up to 20 MB each',
    aspectRatio: 'Shape',
    quality: 'Quality',
    count: 'How many',
    where: 'Where to post it',
    onlyMe: 'Only to me',
    submitCreate: 'Create',
    submitEdit: 'Edit',
    submitShare: 'Share',
    close: 'Close',
    which: 'Pictures to change',
    morePictures: 'More pictures to use',
  },
  install: {
    title: 'Imagine for Slack',
    intro: 'Makes pictures from words, and edits pictures, right in your channels.',
    button: 'Add to Slack',
    done: (workspace) => `Imagine is installed in ${workspace}. Type /imagine there to begin.`,
    denied: 'Nothing was installed. You can come back here at any time.',
    stale: 'That took too long, or it began in another browser. Begin again.',
    failed: 'Slack did not complete the installation. Begin again; if it happens again, tell whoever runs the bot.',
  },
  detail: {
    prompt: 'Words',
    aspectRatio: 'Shape',
    quality: 'Quality',
    credits: 'Cost',
    took: 'Took',
    askedBy: 'Asked by',
    when: 'When',
    inputs: 'Pictures used',
    madeFrom: 'Made from',
    number: 'Number',
  },
  command: {
    imagine: 'Make a picture from words, or edit pictures',
    prompt: 'What to draw, or what to change in the pictures',
    aspectRatio: 'Shape of the picture (square if you say nothing)',
    quality: 'Medium costs 10 credits, high 28',
    image: 'A picture to edit',
    moreImages: 'Another picture to use',
    count: 'How many pictures, 1 to 4',
    private: 'Show the picture only to me',
    spoiler: 'Hide the picture until somebody clicks on it',
    images: 'Your pictures, your credits, and how to use the bot',
    history: 'Pictures that you asked for here',
    show: 'Bring a picture back',
    showId: 'Its number, from Details',
    usage: 'Credits that you have spent',
    help: 'How to use the bot',
    editImage: 'Edit image',
    createImage: 'Create image',
  },
  names: {
    imagine: 'imagine',
    prompt: 'prompt',
    aspectRatio: 'aspect_ratio',
    quality: 'quality',
    image: 'image',
    count: 'count',
    private: 'private',
    spoiler: 'spoiler',
    images: 'images',
    history: 'history',
    show: 'show',
    id: 'id',
    usage: 'usage',
    help: 'help',
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
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` can’t be used: ${omissions[problem.omitted.why]}. Attach another picture.`,
      ]
    case 'permission_missing':
      return [
        `The bot needs more permissions here: ${listed(
          problem.permissions.map((name) => permissionNames[name]),
          'and',
        )}. Ask a moderator. Nothing was charged.`,
      ]
    case 'private_needs_command':
      return [`A message can’t be answered privately. Use ${problem.command} instead.`]
  }
}

const permissionNames: Readonly<Record<BotPermission, string>> = {
  view_channel: 'View Channel',
  send_messages: 'Send Messages',
  send_in_threads: 'Send Messages in Threads',
  attach_files: 'Attach Files',
  read_history: 'Read Message History',
}

const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'not a picture',
  too_large: 'larger than 20 MB',
  too_many: `more than ${requestLimits.inputs} pictures`,
  gone: 'no longer there',
  not_visible: 'the bot can’t see it',
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
