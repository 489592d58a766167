import type { FailureCode } from '../../failure.ts'

export const failures: Readonly<Record<FailureCode, string>> = {
  invalid_request: 'The image service did not accept this request. Change the words or the pictures and try again.',
  content_rejected: 'The image service declined this request because of its content rules. Try other words.',
  workspace_not_allowed: 'This bot is not set up for this place. Ask whoever runs the bot to allow it.',
  day_spent: 'Today’s credits for this bot are used up. Try again tomorrow, or ask whoever runs the bot.',
  person_day_spent: 'Your credits for today are used up. Try again tomorrow.',
  input_unreachable: 'Your picture could not be downloaded. Attach it again.',
  input_not_picture: 'That file is not a picture. Attach a PNG, JPEG, WebP, GIF, AVIF or HEIC file.',
  input_empty: 'That file is empty. Attach the picture again.',
  input_too_large: 'That picture is larger than 20 MB. Attach a smaller one.',
  input_too_many_pixels: 'That picture has too many pixels. Attach a smaller one.',
  input_needs_public_url:
    'Editing pictures is not set up here yet. Whoever runs the bot can turn it on by setting PUBLIC_URL. Making pictures from words works.',
  input_gone: 'The picture is no longer there. Attach it again.',
  key_rejected: 'The image service does not accept this bot’s key. Whoever runs the bot has to renew it.',
  credits_exhausted:
    'The image service says that this bot’s credits are used up. Whoever runs the bot has to buy more.',
  rate_limited: 'The image service is too busy right now. Try again in a few minutes.',
  maintenance: 'The image service is being maintained. Try again in a few minutes.',
  upstream_unavailable: 'The image service can’t be reached. Try again in a few minutes.',
  upstream_failed: 'The image service could not make this picture. Try again, or use other words.',
  unexpected_answer: 'The image service gave an answer that makes no sense. Try again in a few minutes.',
  outcome_unknown:
    'The image service did not confirm this request, so it was not sent again: it might have been charged twice. You can ask again if you like.',
  task_unknown: 'The image service lost this request. Ask again.',
  timed_out: 'The image service took too long. Ask again.',
  result_gone: 'The picture was made, but the image service no longer has it. Ask again.',
  result_not_picture: 'The image service sent something that is not a picture. Ask again.',
  delivery_gone: 'The message for this picture was deleted. Ask again if you still want it.',
  delivery_refused:
    'The picture was made, but this channel does not accept it. Ask a moderator, or try another channel.',
  permission_missing:
    'The picture was made, but the bot may not post pictures here. Ask a moderator to allow it to attach files.',
  result_too_large: 'The picture was made, but it is too large for this chat. Ask again with medium quality.',
  surface_unavailable: 'The chat could not be reached. Ask again in a few minutes.',
  token_rejected: 'The bot is not signed in here any more. Whoever runs it has to set it up again.',
  store_unavailable: 'The bot can’t write down requests right now, so nothing was started. Try again in a minute.',
  accept_unknown:
    'The bot lost its database for a moment. If your picture does not appear here within a few minutes, ask again.',
  not_ours: 'Something went wrong on our side. Ask again.',
  configuration: 'The bot is not set up completely. Tell whoever runs it.',
  internal: 'Something went wrong on our side. Ask again; if it happens again, tell whoever runs the bot.',
}
