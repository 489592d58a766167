import type { Omitted } from '../job.ts'
import type { Words } from '../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../request.ts'
import { knownFlags } from '../text.ts'

/** What is wrong with a request. */
export function problemWords(problem: Problem): Words {
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
        ` can’t be used: ${omissionWords[problem.omitted.why]}. Attach another picture.`,
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

export const omissionWords: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'not a picture',
  too_large: 'larger than 20 MB',
  too_many: `more than ${requestLimits.inputs} pictures`,
  gone: 'no longer there',
  not_visible: 'the bot can’t see it',
}

function listed(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}
