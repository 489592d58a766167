import type { Messages } from '../messages.ts'
import { creditsPerPicture } from '../request.ts'
import { failures } from './portuguese/failures.ts'
import { labels } from './portuguese/labels.ts'
import { omissions, problemWords } from './portuguese/problems.ts'
import { wording } from './wording.ts'

const { counted, duration, names } = wording.pt
const credits = (count: number) => counted(count, 'crédito', 'créditos')
const ratios = { '1:1': 'quadrado', '2:3': 'retrato', '3:2': 'paisagem' } as const

/** Brazilian Portuguese, with “você”. */
export const portuguese: Messages = {
  locale: 'pt',
  queued: (place) => (place === null ? 'Na fila…' : place <= 1 ? 'Quase na sua vez…' : `Na fila, posição ${place}…`),
  preparing: (inputCount) => (inputCount === 1 ? 'Lendo sua imagem…' : 'Lendo suas imagens…'),
  sharing: 'Compartilhando…',
  pressToSee: (button) => `Isso demora um pouco. Use “${button}” para ver como está indo.`,
  running: ({ done, total, elapsedMs, remainingMs, late }) => {
    if (late)
      return 'O serviço de imagens está demorando demais. Se a imagem ainda chegar dentro de um dia, ela aparece aqui.'
    const drawing = `Desenhando há ${duration(elapsedMs)}${total > 1 ? `, ${done} de ${total} até agora` : ''}`
    if (remainingMs === null) return `${drawing}. Está demorando mais que o normal…`
    return `${drawing}, faltam cerca de ${duration(Math.max(1_000, remainingMs))}…`
  },
  made: ({ ratio, quality, credits: cost, tookMs, edited }) =>
    [
      `${edited ? 'Editado' : 'Criado'} em ${duration(tookMs)}`,
      `${ratio} ${ratios[ratio]}`,
      quality === 'high' ? 'qualidade alta' : 'qualidade média',
      credits(cost),
    ].join(' · '),
  partly: (made, total, failure) => `Imagens criadas: ${made} de ${total}. ${failures[failure.code]}`,
  failed: (failure) => failures[failure.code],
  cancelled: (cost, pending) => {
    if (cost === 0) return 'Cancelado. Nada foi cobrado.'
    if (pending)
      return `Cancelado. A imagem já estava sendo criada, e isso não pode ser interrompido: ela custa ${credits(cost)}.`
    return `Cancelado. A imagem já tinha sido criada e custou ${credits(cost)}.`
  },
  cancelAnswer: (answer) =>
    ({
      cancelled: 'Cancelado.',
      finished: 'Isso já terminou.',
      not_yours: 'Só quem fez o pedido pode cancelar.',
      unknown: 'Este pedido é antigo demais para ser cancelado.',
    })[answer],
  eraseAnswer: (answer) =>
    ({
      erased: 'Excluído.',
      not_yours: 'Só quem fez o pedido, ou a moderação, pode excluir isso.',
      live: 'Esta imagem ainda está sendo criada. Cancele primeiro.',
      unknown: 'O bot não conhece mais esta imagem. Exclua a mensagem manualmente.',
    })[answer],
  noJob: (why, command) =>
    ({
      unknown: `O bot não conhece mais esta imagem. Peça de novo com ${command}.`,
      not_yours: 'Esta imagem é de outra pessoa.',
      live: 'Esta imagem ainda está sendo criada. Tente de novo quando ela estiver pronta.',
    })[why],
  noPicture: 'Não vejo nenhuma imagem aí. Anexe uma ou responda a uma mensagem que tenha uma.',
  unread: `Não consigo ler esta mensagem. Mencione o bot na sua resposta e diga o que mudar, ou abra o menu da imagem e escolha “Apps” e depois “${labels.command.editImage}”.`,
  unseen: `Não consigo ver o que há nessa mensagem. Anexe a imagem dela aqui, ou abra o menu dela e escolha “Apps” e depois “${labels.command.editImage}”.`,
  formExpired: 'Este formulário ficou aberto tempo demais. Abra de novo.',
  formLate: 'Demorou demais, e o formulário não abriu. Tente de novo.',
  used: (given) => ['Usa ', ...names(given), '.'],
  omitted: (omitted) => [
    'Não usado: ',
    ...omitted.flatMap(({ name, why }, at) => [at === 0 ? '' : ', ', { quoted: name }, ` (${omissions[why]})`]),
    '.',
  ],
  usage: ({ today, month, pictures, personDayCap, dayOver }) => [
    personDayCap > 0 ? `Hoje: ${today} de ${credits(personDayCap)}.` : `Hoje: ${credits(today)}.`,
    `Últimos 30 dias: ${credits(month)}, ${counted(pictures, 'imagem', 'imagens')}.`,
    ...(dayOver ? ['Os créditos de hoje acabaram para todos. Amanhã tem mais.'] : []),
  ],
  unfinished: { live: 'Em andamento', failed: 'Não criada', cancelled: 'Cancelada' },
  nothingYet: (command) => `Ainda não há imagens. Experimente ${command} uma raposa na neve.`,
  nthPicture: (n) => `Imagem ${n}`,
  credits,
  duration,
  action: (action) =>
    ({
      imagine: 'Criada a partir de um texto',
      edit: 'Editada',
      again: 'Criada de novo',
      upgrade: 'Criada em qualidade alta',
      variations: 'Variações',
      share: 'Compartilhada',
    })[action],
  underWay: 'Isso já está a caminho.',
  oldButton: 'Este botão é de uma versão antiga do bot. Peça a imagem de novo.',
  problem: problemWords,
  help: (command) => [
    `${command} uma raposa na neve`,
    `Acrescente --ar 1:1, 2:3 ou 3:2 para o formato, --hq para qualidade alta (${creditsPerPicture.high} créditos em vez de ${creditsPerPicture.medium}), --count 2 para várias imagens.`,
    'Anexe uma imagem, ou responda a uma, e diga o que mudar.',
  ],
  inThread: 'A imagem está na conversa desta mensagem.',
  away: (command) =>
    `O bot não está no canal, então a resposta vem aqui. Com ${command} no canal, ele poderá responder lá.`,
  closed: 'O canal não aceita mensagens de apps (talvez esteja arquivado ou restrito), então a resposta vem aqui.',
  linked: 'Não foi possível colocar a imagem aqui. Este link funciona por pelo menos um dia: salve logo a imagem.',
  invite: (command) => `O bot não está neste canal. Com ${command}, ele poderá fazer mais aqui.`,
  reduced: 'Imagem reduzida para respeitar o limite deste chat.',
  alt: (prompt, edited) => `${edited ? 'Imagem editada' : 'Imagem'}: ${prompt}`,
  quality: (quality) => `${quality === 'high' ? 'Alta' : 'Média'} (${credits(creditsPerPicture[quality])})`,
  ratio: (ratio) => `${ratio} ${ratios[ratio]}`,
  ...labels,
}
