import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './german/failures.ts'
import { labels } from './german/labels.ts'
import { omissions, problemWords } from './german/problems.ts'
import { wording } from './wording.ts'

const { counted, duration, names } = wording.de
const credits = (count: number) => counted(count, 'Credit', 'Credits')
const ratios = { '1:1': 'quadratisch', '2:3': 'Hochformat', '3:2': 'Querformat' } as const

/** German, with “du”. */
export const german: Messages = {
  locale: 'de',
  queued: (place) =>
    place === null
      ? 'In der Warteschlange…'
      : place <= 1
        ? 'Gleich an der Reihe…'
        : `In der Warteschlange, Platz ${place}…`,
  preparing: (inputCount) => (inputCount === 1 ? 'Dein Bild wird gelesen…' : 'Deine Bilder werden gelesen…'),
  sharing: 'Wird geteilt…',
  pressToSee: (button) => `Das dauert etwas. Drücke „${button}“, um zu sehen, wie weit es ist.`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late)
      return 'Der Bilddienst braucht zu lange. Wenn das Bild noch innerhalb eines Tages kommt, erscheint es hier.'
    const drawing = `Ich zeichne seit ${duration(elapsedMs)}${total > 1 ? `, ${done} von ${total} fertig` : ''}`
    if (remainingMs === null) return `${drawing}. Es dauert länger als sonst…`
    return `${drawing}, noch etwa ${duration(Math.max(1_000, remainingMs))}…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${edited ? 'Bearbeitet' : 'Erstellt'} in ${duration(tookMs)}`,
      `${ratio} ${ratios[ratio]}`,
      quality === 'high' ? 'hohe Qualität' : 'mittlere Qualität',
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `Fertig: ${made} von ${total} Bildern. ${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'Abgebrochen. Es wurde nichts berechnet.'
    if (pending)
      return `Abgebrochen. Das Bild war schon in Arbeit und lässt sich nicht mehr anhalten: Es kostet ${credits(cost)}.`
    return `Abgebrochen. Das Bild war schon fertig und hat ${credits(cost)} gekostet.`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'Abgebrochen.',
      finished: 'Das ist schon fertig.',
      not_yours: 'Nur wer das Bild angefordert hat, kann es abbrechen.',
      unknown: 'Diese Anfrage ist zu alt, um sie abzubrechen.',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: 'Gelöscht.',
      not_yours: 'Löschen kann nur, wer das Bild angefordert hat, oder die Moderation.',
      live: 'Dieses Bild entsteht gerade noch. Brich es zuerst ab.',
      unknown: 'Der Bot kennt dieses Bild nicht mehr. Lösche die Nachricht von Hand.',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `Der Bot kennt dieses Bild nicht mehr. Starte neu mit ${command}.`,
      not_yours: 'Dieses Bild gehört jemand anderem.',
      live: 'Dieses Bild entsteht gerade noch. Versuch es noch einmal, wenn es fertig ist.',
    })[why],
  noPicture: 'Ich sehe dort kein Bild. Häng eines an oder antworte auf eine Nachricht mit einem Bild.',
  unread: `Ich kann diese Nachricht nicht lesen. Erwähne mich in deiner Antwort und sag, was sich ändern soll, oder öffne das Menü des Bildes und wähle „Apps“, dann „${labels.command.editImage}“.`,
  unseen: `Ich sehe nicht, was in dieser Nachricht ist. Häng ihr Bild hier an, oder öffne ihr Menü und wähle „Apps“, dann „${labels.command.editImage}“.`,
  formExpired: 'Dieses Formular war zu lange offen. Öffne es noch einmal.',
  formLate: 'Das hat zu lange gedauert, darum hat sich das Formular nicht geöffnet. Versuch es noch einmal.',
  used: (given) => ['Verwendet: ', ...names(given), '.'],
  omitted: (omitted) => [
    'Nicht verwendet: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `Heute: ${today} von ${credits(personDayCap)}.` : `Heute: ${credits(today)}.`,
    `Letzte 30 Tage: ${credits(month)}, ${counted(pictures, 'Bild', 'Bilder')}.`,
    ...(dayOver ? ['Die gemeinsamen Credits für heute sind aufgebraucht. Morgen gibt es neue.'] : []),
  ],
  unfinished: { live: 'In Arbeit', failed: 'Nicht erstellt', cancelled: 'Abgebrochen' },
  nothingYet: (command) => `Noch keine Bilder. Probier ${command} ein Fuchs im Schnee.`,
  nthPicture: (n) => `Bild ${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'Aus Text erstellt',
      edit: 'Bearbeitet',
      again: 'Noch einmal erstellt',
      upgrade: 'In hoher Qualität erstellt',
      variations: 'Varianten',
      share: 'Geteilt',
    })[action],
  underWay: 'Das ist schon unterwegs.',
  oldButton: 'Dieser Button gehört zu einer älteren Version des Bots. Fordere das Bild stattdessen neu an.',
  problem: problemWords,
  help: (command) => [
    `${command} ein Fuchs im Schnee`,
    `Mit --ar 1:1, 2:3 oder 3:2 wählst du das Format, mit --hq hohe Qualität (${creditsPerPicture.high} statt ${creditsPerPicture.medium} Credits), mit --count 2 mehrere Bilder.`,
    'Häng ein Bild an oder antworte auf eines, und sag, was sich ändern soll.',
  ],
  inThread: 'Das Bild ist im Thread dieser Nachricht.',
  away: (command) =>
    `Der Bot ist nicht im Kanal, darum kommt die Antwort hier. Mit ${command} im Kanal kann er dort antworten.`,
  closed:
    'Der Kanal nimmt keine Beiträge von Apps an (vielleicht ist er archiviert oder eingeschränkt), darum kommt die Antwort hier.',
  linked: 'Das Bild ließ sich hier nicht einfügen. Dieser Link gilt mindestens einen Tag: Speichere das Bild bald.',
  invite: (command) => `Der Bot ist nicht in diesem Kanal. Mit ${command} kann er hier mehr.`,
  reduced: 'Verkleinert, weil dieser Chat nur kleinere Dateien annimmt.',
  alt: (prompt, edited) => `${edited ? 'Bearbeitetes Bild' : 'Bild'}: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'Hoch' : 'Mittel'} (${credits(creditsPerPicture[quality])})`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
