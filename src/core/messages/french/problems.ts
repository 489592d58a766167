import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Dis ce qu’il faut dessiner, par exemple\u00A0: un renard dans la neige.']
    case 'prompt_too_short':
      return [`Dis-en un peu plus\u00A0: au moins ${problem.min} caractères.`]
    case 'prompt_too_long':
      return [`Ce texte compte ${problem.length} caractères. Le maximum est de ${problem.max}.`]
    case 'unknown_flag':
      return ['Je ne connais pas ', { quoted: problem.flag }, `. Je connais ${wording.fr.and(knownFlags)}.`]
    case 'flag_value_missing':
      return ['Il faut une valeur après ', { quoted: problem.flag }, `\u00A0: ${wording.fr.or(problem.allowed)}.`]
    case 'flag_value_unknown':
      return [
        'Je ne connais pas la valeur ',
        { quoted: problem.value },
        ' pour ',
        { quoted: problem.flag },
        `. Utilise ${wording.fr.or(problem.allowed)}.`,
      ]
    case 'too_many_inputs':
      return [`Cela fait ${problem.given} images. Le maximum est de ${requestLimits.inputs}.`]
    case 'not_a_picture':
      return [{ quoted: problem.name }, ' n’est pas une image. Joins un fichier PNG, JPEG, WebP, GIF, AVIF ou HEIC.']
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` n’est pas utilisable\u00A0: ${omissions[problem.omitted.why]}. Joins une autre image.`,
      ]
    case 'permission_missing':
      return [
        `Il manque des permissions au bot ici\u00A0: ${wording.fr.and(problem.permissions.map((name) => permissions[name]))}. Adresse-toi à la modération. Rien n’a été débité.`,
      ]
    case 'private_needs_command':
      return [`Je ne peux pas répondre en privé à un message. Utilise plutôt ${problem.command}.`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: '«\u00A0Voir le salon\u00A0»',
  send_messages: '«\u00A0Envoyer des messages\u00A0»',
  send_in_threads: '«\u00A0Envoyer des messages dans les fils\u00A0»',
  attach_files: '«\u00A0Joindre des fichiers\u00A0»',
  read_history: '«\u00A0Voir les anciens messages\u00A0»',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'pas une image',
  too_large: 'plus de 20 Mo',
  too_many: `plus de ${requestLimits.inputs} images`,
  gone: 'plus disponible',
  not_visible: 'invisible pour le bot',
}
