import type { FailureCode } from '../../failure.ts'

export const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request:
    'Der Bilddienst hat diese Anfrage nicht angenommen. Ändere den Text oder die Bilder und versuch es noch einmal.',
  content_rejected:
    'Der Bilddienst hat diese Anfrage wegen seiner Inhaltsregeln abgelehnt. Versuch es mit anderen Worten.',
  workspace_not_allowed:
    'Dieser Bot ist hier nicht freigeschaltet. Frag die Person, die den Bot betreibt, ob sie ihn hier erlaubt.',
  day_spent:
    'Die Credits dieses Bots für heute sind aufgebraucht. Versuch es morgen wieder oder frag die Person, die den Bot betreibt.',
  person_day_spent: 'Deine Credits für heute sind aufgebraucht. Versuch es morgen wieder.',
  input_unreachable: 'Dein Bild ließ sich nicht herunterladen. Häng es noch einmal an.',
  input_not_picture: 'Diese Datei ist kein Bild. Häng eine PNG-, JPEG-, WebP-, GIF-, AVIF- oder HEIC-Datei an.',
  input_empty: 'Diese Datei ist leer. Häng das Bild noch einmal an.',
  input_too_large: 'Dieses Bild ist größer als 20 MB. Häng ein kleineres an.',
  input_too_many_pixels: 'Dieses Bild hat zu viele Pixel. Häng ein kleineres an.',
  input_needs_public_url:
    'Das Bearbeiten von Bildern ist hier noch nicht eingerichtet. Wer den Bot betreibt, kann es mit PUBLIC_URL einschalten. Bilder aus Text gehen schon.',
  input_gone: 'Das Bild ist nicht mehr da. Häng es noch einmal an.',
  key_rejected: 'Der Bilddienst nimmt den Schlüssel dieses Bots nicht an. Wer den Bot betreibt, muss ihn erneuern.',
  credits_exhausted:
    'Der Bilddienst meldet, dass die Credits dieses Bots aufgebraucht sind. Wer den Bot betreibt, muss neue kaufen.',
  rate_limited: 'Der Bilddienst hat gerade zu viel zu tun. Versuch es in ein paar Minuten noch einmal.',
  maintenance: 'Der Bilddienst wird gerade gewartet. Versuch es in ein paar Minuten noch einmal.',
  upstream_unavailable: 'Der Bilddienst ist nicht erreichbar. Versuch es in ein paar Minuten noch einmal.',
  upstream_failed: 'Der Bilddienst konnte dieses Bild nicht erstellen. Versuch es noch einmal oder nimm andere Worte.',
  unexpected_answer: 'Die Antwort des Bilddienstes ergibt keinen Sinn. Versuch es in ein paar Minuten noch einmal.',
  outcome_unknown:
    'Der Bilddienst hat diese Anfrage nicht bestätigt. Sie wurde nicht noch einmal gesendet, damit nichts doppelt berechnet wird. Du kannst das Bild neu anfordern, wenn du magst.',
  task_unknown: 'Der Bilddienst hat diese Anfrage verloren. Versuch es noch einmal.',
  timed_out: 'Der Bilddienst hat zu lange gebraucht. Versuch es noch einmal.',
  result_gone: 'Das Bild wurde erstellt, aber der Bilddienst hat es nicht mehr. Versuch es noch einmal.',
  result_not_picture: 'Der Bilddienst hat etwas geschickt, das kein Bild ist. Versuch es noch einmal.',
  delivery_gone:
    'Die Nachricht für dieses Bild wurde gelöscht. Fordere das Bild neu an, wenn du es noch haben möchtest.',
  delivery_refused:
    'Das Bild wurde erstellt, aber dieser Kanal nimmt es nicht an. Frag die Moderation oder nimm einen anderen Kanal.',
  permission_missing:
    'Das Bild wurde erstellt, aber der Bot darf hier keine Bilder posten. Bitte die Moderation, ihm das Anhängen von Dateien zu erlauben.',
  result_too_large:
    'Das Bild wurde erstellt, aber es ist zu groß für diesen Chat. Versuch es noch einmal mit mittlerer Qualität.',
  surface_unavailable: 'Der Chat war nicht erreichbar. Versuch es in ein paar Minuten noch einmal.',
  token_rejected: 'Der Bot ist hier nicht mehr angemeldet. Wer ihn betreibt, muss ihn neu einrichten.',
  store_unavailable:
    'Der Bot kann gerade keine Anfragen speichern, darum wurde nichts gestartet. Versuch es in einer Minute noch einmal.',
  accept_unknown:
    'Der Bot hatte kurz keine Verbindung zu seiner Datenbank. Wenn dein Bild hier nicht in ein paar Minuten erscheint, versuch es noch einmal.',
  not_ours: 'Bei uns ist etwas schiefgegangen. Versuch es noch einmal.',
  configuration: 'Der Bot ist nicht vollständig eingerichtet. Sag der Person Bescheid, die ihn betreibt.',
  internal:
    'Bei uns ist etwas schiefgegangen. Versuch es noch einmal; wenn es wieder passiert, sag der Person Bescheid, die den Bot betreibt.',
}
