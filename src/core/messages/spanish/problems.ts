import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Di qué dibujar, por ejemplo: un zorro en la nieve.']
    case 'prompt_too_short':
      return [`Di un poco más: al menos ${problem.min} caracteres.`]
    case 'prompt_too_long':
      return [`Son ${problem.length} caracteres. Usa como máximo ${problem.max}.`]
    case 'unknown_flag':
      return ['No conozco ', { quoted: problem.flag }, `. Conozco ${wording.es.and(knownFlags)}.`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` necesita un valor: ${wording.es.or(problem.allowed)}.`]
    case 'flag_value_unknown':
      return [
        'No conozco el valor ',
        { quoted: problem.value },
        ' para ',
        { quoted: problem.flag },
        `. Usa ${wording.es.or(problem.allowed)}.`,
      ]
    case 'too_many_inputs':
      return [`Son ${problem.given} imágenes. Usa como máximo ${requestLimits.inputs}.`]
    case 'not_a_picture':
      return [{ quoted: problem.name }, ' no es una imagen. Adjunta un archivo PNG, JPEG, WebP, GIF, AVIF o HEIC.']
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` no se puede usar: ${omissions[problem.omitted.why]}. Adjunta otra imagen.`,
      ]
    case 'permission_missing':
      return [
        `El bot necesita más permisos aquí: ${wording.es.and(problem.permissions.map((name) => permissions[name]))}. Pregunta a la moderación. No se cobró nada.`,
      ]
    case 'private_needs_command':
      return [`No puedo responder en privado a un mensaje. Usa mejor ${problem.command}.`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: '«Ver canal»',
  send_messages: '«Enviar mensajes»',
  send_in_threads: '«Enviar mensajes en hilos»',
  attach_files: '«Adjuntar archivos»',
  read_history: '«Leer el historial de mensajes»',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'no es una imagen',
  too_large: 'pesa más de 20 MB',
  too_many: `más de ${requestLimits.inputs} imágenes`,
  gone: 'ya no está',
  not_visible: 'el bot no la puede ver',
}
