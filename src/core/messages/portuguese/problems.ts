import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Diga o que desenhar, por exemplo: uma raposa na neve.']
    case 'prompt_too_short':
      return [`Diga um pouco mais: pelo menos ${problem.min} caracteres.`]
    case 'prompt_too_long':
      return [`São ${problem.length} caracteres. Use no máximo ${problem.max}.`]
    case 'unknown_flag':
      return ['Não conheço ', { quoted: problem.flag }, `. Conheço ${wording.pt.and(knownFlags)}.`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` precisa de um valor: ${wording.pt.or(problem.allowed)}.`]
    case 'flag_value_unknown':
      return [
        'Não conheço o valor ',
        { quoted: problem.value },
        ' para ',
        { quoted: problem.flag },
        `. Use ${wording.pt.or(problem.allowed)}.`,
      ]
    case 'too_many_inputs':
      return [`São ${problem.given} imagens. Use no máximo ${requestLimits.inputs}.`]
    case 'not_a_picture':
      return [{ quoted: problem.name }, ' não é uma imagem. Anexe um arquivo PNG, JPEG, WebP, GIF, AVIF ou HEIC.']
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` não pode ser usado: ${omissions[problem.omitted.why]}. Anexe outra imagem.`,
      ]
    case 'permission_missing':
      return [
        `O bot precisa de mais permissões aqui: ${wording.pt.and(problem.permissions.map((name) => permissions[name]))}. Fale com a moderação. Nada foi cobrado.`,
      ]
    case 'private_needs_command':
      return [`Não posso responder a uma mensagem em particular. Em vez disso, use ${problem.command}.`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: '“Ver canal”',
  send_messages: '“Enviar mensagens”',
  send_in_threads: '“Enviar mensagens em tópicos”',
  attach_files: '“Anexar arquivos”',
  read_history: '“Ver histórico de mensagens”',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'não é uma imagem',
  too_large: 'mais de 20 MB',
  too_many: `mais de ${requestLimits.inputs} imagens`,
  gone: 'não está mais lá',
  not_visible: 'o bot não consegue ver',
}
