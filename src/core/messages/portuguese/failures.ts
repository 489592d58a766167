import type { FailureCode } from '../../failure.ts'

export const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request: 'O serviço de imagens não aceitou este pedido. Mude o texto ou as imagens e tente de novo.',
  content_rejected:
    'O serviço de imagens recusou este pedido por causa das regras de conteúdo dele. Tente com outras palavras.',
  workspace_not_allowed: 'Este bot não está liberado aqui. Peça a quem administra o bot para liberar.',
  day_spent: 'Os créditos deste bot para hoje acabaram. Tente amanhã ou fale com quem administra o bot.',
  person_day_spent: 'Seus créditos para hoje acabaram. Tente amanhã.',
  input_unreachable: 'Não foi possível baixar sua imagem. Anexe de novo.',
  input_not_picture: 'Esse arquivo não é uma imagem. Anexe um arquivo PNG, JPEG, WebP, GIF, AVIF ou HEIC.',
  input_empty: 'Esse arquivo está vazio. Anexe a imagem de novo.',
  input_too_large: 'Essa imagem tem mais de 20 MB. Anexe uma menor.',
  input_too_many_pixels: 'Essa imagem tem pixels demais. Anexe uma menor.',
  input_needs_public_url:
    'A edição de imagens ainda não está configurada aqui. Quem administra o bot pode ativar com PUBLIC_URL. Criar imagens a partir de um texto já funciona.',
  input_gone: 'A imagem não está mais lá. Anexe de novo.',
  key_rejected: 'O serviço de imagens não aceita a chave deste bot. Quem administra o bot precisa renovar a chave.',
  credits_exhausted:
    'O serviço de imagens informa que os créditos deste bot acabaram. Quem administra o bot precisa comprar mais.',
  rate_limited: 'O serviço de imagens está ocupado demais agora. Tente de novo em alguns minutos.',
  maintenance: 'O serviço de imagens está em manutenção. Tente de novo em alguns minutos.',
  upstream_unavailable: 'O serviço de imagens está fora de alcance. Tente de novo em alguns minutos.',
  upstream_failed: 'O serviço de imagens não conseguiu criar esta imagem. Tente de novo ou use outras palavras.',
  unexpected_answer: 'A resposta do serviço de imagens não faz sentido. Tente de novo em alguns minutos.',
  outcome_unknown:
    'O serviço de imagens não confirmou este pedido. Ele não foi enviado de novo, para não ser cobrado duas vezes. Você pode pedir a imagem de novo, se quiser.',
  task_unknown: 'O serviço de imagens perdeu este pedido. Peça a imagem de novo.',
  timed_out: 'O serviço de imagens demorou demais. Peça a imagem de novo.',
  result_gone: 'A imagem foi criada, mas o serviço de imagens não a tem mais. Peça a imagem de novo.',
  result_not_picture: 'O serviço de imagens enviou algo que não é uma imagem. Peça a imagem de novo.',
  delivery_gone: 'A mensagem desta imagem foi excluída. Peça de novo se ainda quiser a imagem.',
  delivery_refused:
    'A imagem foi criada, mas este canal não aceita a imagem. Fale com a moderação ou tente em outro canal.',
  permission_missing:
    'A imagem foi criada, mas o bot não pode publicar imagens aqui. Peça à moderação para permitir que ele anexe arquivos.',
  result_too_large: 'A imagem foi criada, mas é grande demais para este chat. Peça de novo com qualidade média.',
  surface_unavailable: 'Não foi possível acessar o chat. Peça a imagem de novo em alguns minutos.',
  token_rejected: 'O bot não está mais conectado aqui. Quem administra o bot precisa configurar tudo de novo.',
  store_unavailable: 'O bot não consegue salvar pedidos agora, então nada foi iniciado. Tente de novo em um minuto.',
  accept_unknown:
    'O bot perdeu o banco de dados por um momento. Se a sua imagem não aparecer aqui em alguns minutos, peça de novo.',
  not_ours: 'Algo deu errado do nosso lado. Peça a imagem de novo.',
  configuration: 'O bot não está totalmente configurado. Avise quem administra o bot.',
  internal:
    'Algo deu errado do nosso lado. Peça a imagem de novo; se acontecer outra vez, avise quem administra o bot.',
}
