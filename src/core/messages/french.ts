import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './french/failures.ts'
import { labels } from './french/labels.ts'
import { omissions, problemWords } from './french/problems.ts'
import { wording } from './wording.ts'

const { counted, duration, names } = wording.fr
const credits = (count: number) => counted(count, 'crédit', 'crédits')
const ratios = { '1:1': 'carré', '2:3': 'portrait', '3:2': 'paysage' } as const

/** French, with “tu”. A colon and guillemets keep a no-break space, written `\u00A0`. */
export const french: Messages = {
  locale: 'fr',
  queued: (place) =>
    place === null
      ? 'Dans la file d’attente…'
      : place <= 1
        ? 'C’est bientôt ton tour…'
        : `Dans la file d’attente, place ${place}…`,
  preparing: (inputCount) => (inputCount === 1 ? 'Lecture de ton image…' : 'Lecture de tes images…'),
  sharing: 'Partage en cours…',
  pressToSee: (button) => `C’est un peu long. Appuie sur «\u00A0${button}\u00A0» pour voir où ça en est.`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late)
      return 'Le service d’images met trop de temps. Si l’image arrive encore d’ici un jour, elle apparaîtra ici.'
    const drawing = `Je dessine depuis ${duration(elapsedMs)}${total > 1 ? `, ${done} sur ${total} pour l’instant` : ''}`
    if (remainingMs === null) return `${drawing}. C’est plus long que d’habitude…`
    return `${drawing}, encore environ ${duration(Math.max(1_000, remainingMs))}…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${edited ? 'Modifié' : 'Créé'} en ${duration(tookMs)}`,
      `${ratio} ${ratios[ratio]}`,
      quality === 'high' ? 'haute qualité' : 'qualité moyenne',
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `Images créées\u00A0: ${made} sur ${total}. ${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'Annulé. Rien n’a été débité.'
    if (pending)
      return `Annulé. L’image était déjà en cours de création et ne peut plus être arrêtée\u00A0: elle coûte ${credits(cost)}.`
    return `Annulé. L’image était déjà créée et a coûté ${credits(cost)}.`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'Annulé.',
      finished: 'C’est déjà terminé.',
      not_yours: 'Seule la personne qui a fait la demande peut l’annuler.',
      unknown: 'Cette demande est trop ancienne pour être annulée.',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: 'Supprimé.',
      not_yours: 'Seules la personne qui a fait la demande et la modération peuvent supprimer cette image.',
      live: 'Cette image est encore en cours de création. Annule-la d’abord.',
      unknown: 'Le bot ne connaît plus cette image. Supprime le message à la main.',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `Le bot ne connaît plus cette image. Refais ta demande avec ${command}.`,
      not_yours: 'Cette image appartient à quelqu’un d’autre.',
      live: 'Cette image est encore en cours de création. Réessaie quand elle sera prête.',
    })[why],
  noPicture: 'Je ne vois pas d’image ici. Joins-en une, ou réponds à un message qui en contient une.',
  unread: `Je ne peux pas lire ce message. Mentionne-moi dans ta réponse et dis ce qu’il faut changer, ou ouvre le menu de l’image et choisis «\u00A0Applications\u00A0», puis «\u00A0${labels.command.editImage}\u00A0».`,
  unseen: `Je ne vois pas ce que contient ce message. Joins son image ici, ou ouvre son menu et choisis «\u00A0Applications\u00A0», puis «\u00A0${labels.command.editImage}\u00A0».`,
  formExpired: 'Ce formulaire est resté ouvert trop longtemps. Ouvre-le de nouveau.',
  formLate: 'Cela a pris trop de temps, alors le formulaire ne s’est pas ouvert. Réessaie.',
  used: (given) => ['Images utilisées\u00A0: ', ...names(given), '.'],
  omitted: (omitted) => [
    'Non utilisé\u00A0: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0
      ? `Aujourd’hui\u00A0: ${today} sur ${credits(personDayCap)}.`
      : `Aujourd’hui\u00A0: ${credits(today)}.`,
    `30 derniers jours\u00A0: ${credits(month)}, ${counted(pictures, 'image', 'images')}.`,
    ...(dayOver ? ['Les crédits communs pour aujourd’hui sont épuisés. Il y en aura de nouveaux demain.'] : []),
  ],
  unfinished: { live: 'En cours', failed: 'Non créée', cancelled: 'Annulée' },
  nothingYet: (command) => `Pas encore d’image. Essaie ${command} un renard dans la neige.`,
  nthPicture: (n) => `Image ${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'Créée à partir d’un texte',
      edit: 'Modifiée',
      again: 'Créée de nouveau',
      upgrade: 'Créée en haute qualité',
      variations: 'Variations',
      share: 'Partagée',
    })[action],
  underWay: 'C’est déjà en route.',
  oldButton: 'Ce bouton vient d’une ancienne version du bot. Fais plutôt une nouvelle demande.',
  problem: problemWords,
  help: (command) => [
    `${command} un renard dans la neige`,
    `Ajoute --ar 1:1, 2:3 ou 3:2 pour le format, --hq pour la haute qualité (${creditsPerPicture.high} crédits au lieu de ${creditsPerPicture.medium}), --count 2 pour plusieurs images.`,
    'Joins une image, ou réponds à une image, et dis ce qu’il faut changer.',
  ],
  inThread: 'L’image est dans le fil de ce message.',
  away: (command) =>
    `Le bot n’est pas dans le canal, alors la réponse arrive ici. Avec ${command} dans le canal, il pourra y répondre.`,
  closed:
    'Le canal n’accepte pas les messages d’applications (il est peut-être archivé ou restreint), alors la réponse arrive ici.',
  linked:
    'L’image n’a pas pu être placée ici. Ce lien reste valable au moins un jour\u00A0: enregistre l’image sans tarder.',
  invite: (command) => `Le bot n’est pas dans ce canal. Avec ${command}, il pourra en faire plus ici.`,
  reduced: 'Image réduite pour respecter la taille maximale de ce chat.',
  alt: (prompt, edited) => `${edited ? 'Image modifiée' : 'Image'}\u00A0: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'Haute' : 'Moyenne'} (${credits(creditsPerPicture[quality])})`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
