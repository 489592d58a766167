import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './spanish/failures.ts'
import { labels } from './spanish/labels.ts'
import { omissions, problemWords } from './spanish/problems.ts'
import { wording } from './wording.ts'

const { counted, duration, names } = wording.es
const credits = (count: number) => counted(count, 'crédito', 'créditos')
const ratios = { '1:1': 'cuadrado', '2:3': 'vertical', '3:2': 'horizontal' } as const

/** Spanish, with “tú”, for Spain and America alike. */
export const spanish: Messages = {
  locale: 'es',
  queued: (place) =>
    place === null ? 'En la cola…' : place <= 1 ? 'Ya casi te toca…' : `En la cola, puesto ${place}…`,
  preparing: (inputCount) => (inputCount === 1 ? 'Leyendo tu imagen…' : 'Leyendo tus imágenes…'),
  sharing: 'Compartiendo…',
  pressToSee: (button) => `Esto tarda un poco. Pulsa «${button}» para ver cómo va.`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late)
      return 'El servicio de imágenes tarda demasiado. Si la imagen todavía llega en el plazo de un día, aparecerá aquí.'
    const drawing = `Llevo ${duration(elapsedMs)} dibujando${total > 1 ? `, tengo ${done} de ${total}` : ''}`
    if (remainingMs === null) return `${drawing}. Tarda más de lo normal…`
    return `${drawing}, calculo ${duration(Math.max(1_000, remainingMs))} más…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${edited ? 'Editado' : 'Creado'} en ${duration(tookMs)}`,
      `${ratio} ${ratios[ratio]}`,
      quality === 'high' ? 'calidad alta' : 'calidad media',
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `Imágenes creadas: ${made} de ${total}. ${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'Cancelado. No se cobró nada.'
    if (pending) return `Cancelado. La imagen ya se estaba creando y eso no se puede detener: cuesta ${credits(cost)}.`
    return `Cancelado. La imagen ya estaba creada y costó ${credits(cost)}.`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'Cancelado.',
      finished: 'Esto ya terminó.',
      not_yours: 'Solo puede cancelarlo quien lo pidió.',
      unknown: 'Esta solicitud es demasiado antigua para cancelarla.',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: 'Eliminado.',
      not_yours: 'Solo puede eliminarlo quien lo pidió, o la moderación.',
      live: 'Esta imagen todavía se está creando. Cancélala primero.',
      unknown: 'El bot ya no conoce esta imagen. Elimina el mensaje a mano.',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `El bot ya no conoce esta imagen. Pídela de nuevo con ${command}.`,
      not_yours: 'Esta imagen es de otra persona.',
      live: 'Esta imagen todavía se está creando. Inténtalo de nuevo cuando esté lista.',
    })[why],
  noPicture: 'No veo ninguna imagen ahí. Adjunta una o responde a un mensaje que tenga una.',
  unread: `No puedo leer este mensaje. Mencióname en tu respuesta y di qué hay que cambiar, o abre el menú de la imagen y elige «Aplicaciones» y luego «${labels.command.editImage}».`,
  unseen: `No veo qué hay en ese mensaje. Adjunta su imagen aquí, o abre su menú y elige «Aplicaciones» y luego «${labels.command.editImage}».`,
  formExpired: 'Este formulario estuvo abierto demasiado tiempo. Ábrelo de nuevo.',
  formLate: 'Eso tardó demasiado y el formulario no se abrió. Inténtalo de nuevo.',
  used: (given) => ['Usa ', ...names(given), '.'],
  omitted: (omitted) => [
    'Sin usar: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `Hoy: ${today} de ${credits(personDayCap)}.` : `Hoy: ${credits(today)}.`,
    `Últimos 30 días: ${credits(month)}, ${counted(pictures, 'imagen', 'imágenes')}.`,
    ...(dayOver ? ['Se agotaron los créditos de hoy para todos. Mañana habrá nuevos.'] : []),
  ],
  unfinished: { live: 'En proceso', failed: 'No creada', cancelled: 'Cancelada' },
  nothingYet: (command) => `Todavía no hay imágenes. Prueba ${command} un zorro en la nieve.`,
  nthPicture: (n) => `Imagen ${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'Creada a partir de un texto',
      edit: 'Editada',
      again: 'Creada de nuevo',
      upgrade: 'Creada en calidad alta',
      variations: 'Variaciones',
      share: 'Compartida',
    })[action],
  underWay: 'Esto ya está en camino.',
  oldButton: 'Este botón es de una versión anterior del bot. Pide la imagen de nuevo.',
  problem: problemWords,
  help: (command) => [
    `${command} un zorro en la nieve`,
    `Añade --ar 1:1, 2:3 o 3:2 para el formato, --hq para calidad alta (${creditsPerPicture.high} créditos en vez de ${creditsPerPicture.medium}), --count 2 para varias imágenes.`,
    'Adjunta una imagen, o responde a una, y di qué hay que cambiar.',
  ],
  inThread: 'La imagen está en el hilo de este mensaje.',
  away: (command) =>
    `El bot no está en el canal, así que la respuesta llega aquí. Con ${command} en el canal podrá responder allí.`,
  closed:
    'El canal no acepta mensajes de aplicaciones (quizá esté archivado o restringido), así que la respuesta llega aquí.',
  linked: 'La imagen no se pudo poner aquí. Este enlace funciona al menos un día: guarda pronto la imagen.',
  invite: (command) => `El bot no está en este canal. Con ${command} podrá hacer más aquí.`,
  reduced: 'Imagen reducida para respetar el límite de este chat.',
  alt: (prompt, edited) => `${edited ? 'Imagen editada' : 'Imagen'}: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'Alta' : 'Media'} (${credits(creditsPerPicture[quality])})`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
