import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Say what to draw, for example: a fox in the snow.']
    case 'prompt_too_short':
      return [`Say a little more: at least ${problem.min} characters.`]
    case 'prompt_too_long':
      return [`That is ${problem.length} characters long. Use at most ${problem.max}.`]
    case 'unknown_flag':
      return ['I don’t know ', { quoted: problem.flag }, `. I know ${wording.en.and(knownFlags)}.`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` needs a value: ${wording.en.or(problem.allowed)}.`]
    case 'flag_value_unknown':
      return [
        'I don’t know the value ',
        { quoted: problem.value },
        ' for ',
        { quoted: problem.flag },
        `. Use ${wording.en.or(problem.allowed)}.`,
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
        `The bot needs more permissions here: ${wording.en.and(problem.permissions.map((name) => permissions[name]))}. Ask a moderator. Nothing was charged.`,
      ]
    case 'private_needs_command':
      return [`A message can’t be answered privately. Use ${problem.command} instead.`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: 'View Channel',
  send_messages: 'Send Messages',
  send_in_threads: 'Send Messages in Threads',
  attach_files: 'Attach Files',
  read_history: 'Read Message History',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'not a picture',
  too_large: 'larger than 20 MB',
  too_many: `more than ${requestLimits.inputs} pictures`,
  gone: 'no longer there',
  not_visible: 'the bot can’t see it',
}
