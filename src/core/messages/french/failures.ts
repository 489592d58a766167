import type { FailureCode } from '../../failure.ts'

export const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request: 'Le service d’images n’a pas accepté cette demande. Change le texte ou les images, puis réessaie.',
  content_rejected:
    'Le service d’images a refusé cette demande à cause de ses règles sur le contenu. Essaie avec d’autres mots.',
  workspace_not_allowed: 'Ce bot n’est pas autorisé ici. Demande à la personne qui gère le bot de l’autoriser.',
  day_spent:
    'Les crédits de ce bot pour aujourd’hui sont épuisés. Réessaie demain, ou adresse-toi à la personne qui gère le bot.',
  person_day_spent: 'Tes crédits pour aujourd’hui sont épuisés. Réessaie demain.',
  input_unreachable: 'Ton image n’a pas pu être téléchargée. Joins-la de nouveau.',
  input_not_picture: 'Ce fichier n’est pas une image. Joins un fichier PNG, JPEG, WebP, GIF, AVIF ou HEIC.',
  input_empty: 'Ce fichier est vide. Joins l’image de nouveau.',
  input_too_large: 'Cette image dépasse 20 Mo. Joins-en une plus petite.',
  input_too_many_pixels: 'Cette image a trop de pixels. Joins-en une plus petite.',
  input_needs_public_url:
    'La modification d’images n’est pas encore configurée ici. La personne qui gère le bot peut l’activer avec PUBLIC_URL. Créer des images à partir d’un texte fonctionne.',
  input_gone: 'L’image n’est plus là. Joins-la de nouveau.',
  key_rejected: 'Le service d’images n’accepte pas la clé de ce bot. La personne qui gère le bot doit la renouveler.',
  credits_exhausted:
    'Le service d’images indique que les crédits de ce bot sont épuisés. La personne qui gère le bot doit en racheter.',
  rate_limited: 'Le service d’images est trop sollicité en ce moment. Réessaie dans quelques minutes.',
  maintenance: 'Le service d’images est en maintenance. Réessaie dans quelques minutes.',
  upstream_unavailable: 'Le service d’images est injoignable. Réessaie dans quelques minutes.',
  upstream_failed: 'Le service d’images n’a pas pu créer cette image. Réessaie, ou utilise d’autres mots.',
  unexpected_answer: 'La réponse du service d’images n’a pas de sens. Réessaie dans quelques minutes.',
  outcome_unknown:
    'Le service d’images n’a pas confirmé cette demande. Elle n’a pas été renvoyée, pour ne pas risquer d’être débitée deux fois. Tu peux refaire ta demande si tu veux.',
  task_unknown: 'Le service d’images a perdu cette demande. Refais ta demande.',
  timed_out: 'Le service d’images a mis trop de temps. Refais ta demande.',
  result_gone: 'L’image a été créée, mais le service d’images ne l’a plus. Refais ta demande.',
  result_not_picture: 'Le service d’images a envoyé autre chose qu’une image. Refais ta demande.',
  delivery_gone: 'Le message prévu pour cette image a été supprimé. Refais ta demande si tu la veux toujours.',
  delivery_refused:
    'L’image a été créée, mais ce salon ne l’accepte pas. Adresse-toi à la modération, ou essaie un autre salon.',
  permission_missing:
    'L’image a été créée, mais le bot ne peut pas publier d’images ici. Demande à la modération de l’autoriser à joindre des fichiers.',
  result_too_large:
    'L’image a été créée, mais elle est trop lourde pour ce chat. Refais ta demande en qualité moyenne.',
  surface_unavailable: 'Le chat était injoignable. Refais ta demande dans quelques minutes.',
  token_rejected: 'Le bot n’est plus connecté ici. La personne qui le gère doit le configurer de nouveau.',
  store_unavailable:
    'Le bot ne peut pas enregistrer de demandes en ce moment, alors rien n’a commencé. Réessaie dans une minute.',
  accept_unknown:
    'Le bot a perdu sa base de données un instant. Si ton image n’apparaît pas ici d’ici quelques minutes, refais ta demande.',
  not_ours: 'Quelque chose s’est mal passé de notre côté. Refais ta demande.',
  configuration: 'Le bot n’est pas entièrement configuré. Préviens la personne qui le gère.',
  internal:
    'Quelque chose s’est mal passé de notre côté. Refais ta demande et, si cela se reproduit, préviens la personne qui gère le bot.',
}
