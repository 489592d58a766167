import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['何を描くか書いてください。例：雪の中のキツネ']
    case 'prompt_too_short':
      return [`もう少し詳しく書いてください。最低${problem.min}文字です。`]
    case 'prompt_too_long':
      return [`${problem.length}文字あります。${problem.max}文字以内にしてください。`]
    case 'unknown_flag':
      return [{ quoted: problem.flag }, ` は使えません。使えるのは ${wording.ja.and(knownFlags)} です。`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` には値が必要です：${wording.ja.or(problem.allowed)}。`]
    case 'flag_value_unknown':
      return [
        { quoted: problem.flag },
        ' に ',
        { quoted: problem.value },
        ` は使えません。${wording.ja.or(problem.allowed)} を使ってください。`,
      ]
    case 'too_many_inputs':
      return [`画像が${problem.given}枚あります。${requestLimits.inputs}枚以内にしてください。`]
    case 'not_a_picture':
      return [
        { quoted: problem.name },
        ' は画像ではありません。PNG、JPEG、WebP、GIF、AVIF、HEICのいずれかを添付してください。',
      ]
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` は使えません（${omissions[problem.omitted.why]}）。別の画像を添付してください。`,
      ]
    case 'permission_missing':
      return [
        `Botには次の権限が必要です：${wording.ja.and(problem.permissions.map((name) => permissions[name]))}。モデレーターに頼んでください。クレジットは消費されていません。`,
      ]
    case 'private_needs_command':
      return [`メッセージには非公開で返信できません。代わりに ${problem.command} を使ってください。`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: '「チャンネルを見る」',
  send_messages: '「メッセージを送信」',
  send_in_threads: '「スレッドでメッセージを送信」',
  attach_files: '「ファイルを添付」',
  read_history: '「メッセージ履歴を読む」',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: '画像ではありません',
  too_large: '20 MBを超えています',
  too_many: `${requestLimits.inputs}枚を超えています`,
  gone: 'もうありません',
  not_visible: 'Botから見えません',
}
