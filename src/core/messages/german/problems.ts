import type { Omitted } from '../../job.ts'
import type { Words } from '../../messages.ts'
import { type BotPermission, type Problem, requestLimits } from '../../request.ts'
import { knownFlags } from '../../text.ts'
import { wording } from '../wording.ts'

export function problemWords(problem: Problem): Words {
  switch (problem.kind) {
    case 'prompt_missing':
      return ['Sag, was ich zeichnen soll, zum Beispiel: ein Fuchs im Schnee.']
    case 'prompt_too_short':
      return [`Sag etwas mehr: mindestens ${problem.min} Zeichen.`]
    case 'prompt_too_long':
      return [`Das sind ${problem.length} Zeichen. Höchstens ${problem.max} sind möglich.`]
    case 'unknown_flag':
      return [{ quoted: problem.flag }, ` kenne ich nicht. Ich kenne ${wording.de.and(knownFlags)}.`]
    case 'flag_value_missing':
      return [{ quoted: problem.flag }, ` braucht einen Wert: ${wording.de.or(problem.allowed)}.`]
    case 'flag_value_unknown':
      return [
        'Den Wert ',
        { quoted: problem.value },
        ' für ',
        { quoted: problem.flag },
        ` kenne ich nicht. Nimm ${wording.de.or(problem.allowed)}.`,
      ]
    case 'too_many_inputs':
      return [`Das sind ${problem.given} Bilder. Höchstens ${requestLimits.inputs} sind möglich.`]
    case 'not_a_picture':
      return [{ quoted: problem.name }, ' ist kein Bild. Häng eine PNG-, JPEG-, WebP-, GIF-, AVIF- oder HEIC-Datei an.']
    case 'picture_unusable':
      return [
        { quoted: problem.omitted.name },
        ` lässt sich nicht verwenden: ${omissions[problem.omitted.why]}. Häng ein anderes Bild an.`,
      ]
    case 'permission_missing':
      return [
        `Der Bot braucht hier mehr Rechte: ${wording.de.and(problem.permissions.map((name) => permissions[name]))}. Frag die Moderation. Es wurde nichts berechnet.`,
      ]
    case 'private_needs_command':
      return [`Auf eine Nachricht kann ich nicht privat antworten. Nutze stattdessen ${problem.command}.`]
  }
}

/** As Discord calls them. */
const permissions: Readonly<Record<BotPermission, string>> = {
  view_channel: '„Kanal ansehen“',
  send_messages: '„Nachrichten senden“',
  send_in_threads: '„Nachrichten in Threads senden“',
  attach_files: '„Dateien anhängen“',
  read_history: '„Nachrichtenverlauf anzeigen“',
}

export const omissions: Readonly<Record<Omitted['why'], string>> = {
  not_a_picture: 'kein Bild',
  too_large: 'größer als 20 MB',
  too_many: `mehr als ${requestLimits.inputs} Bilder`,
  gone: 'nicht mehr da',
  not_visible: 'für den Bot nicht sichtbar',
}
