/**
 * Discord's limits and times. Sources: D = docs.discord.com/developers (repository discord/discord-api-docs, c98d64b);
 * S = discord/discord-api-spec, 74fda0f; I = an issue thread. ≈ marks what Discord does not promise.
 */

/** Characters of a message's content. D resources/message. */
export const contentLength = 2000
/** Characters of an attachment's description, its alt text. D resources/message. */
export const altLength = 1024
/** Characters of a component's custom_id. D components/reference. */
export const customIdLength = 100
/** Characters of a nonce. D resources/message, S. */
export const nonceLength = 25

/** First response to an interaction, in milliseconds after Discord made it. D interactions/receiving-and-responding. */
export const ackMs = 3_000
/** An interaction token lives 15 minutes; it is not used after 14. D interactions/receiving-and-responding. */
export const tokenMs = 14 * 60_000

/** From this age of its token on, a message that only tokens reach offers a button: its press brings a new one. */
export const handOverMs = 12 * 60_000

/** Bytes of one file where nobody's boosts or Nitro count: 10 MiB. D change-log 2025-04-03. */
export const uploadBytes = 10 * 1024 * 1024
/** Bytes of a whole request, as D reference still states; whether it is enforced beside the limit of each file is unknown ≈. */
export const requestBytes = 25 * 1024 * 1024

/** Cadence of progress edits in milliseconds: well within 5 edits in 2 s and 30 in 60 s. I discord/discord-api-docs#2701. */
export const firstEditMs = 2_500
export const editMs = 5_000
export const slowEditMs = 15_000
/** From this age on a job is edited seldom. */
export const slowAfterMs = 120_000
/** 30 edits in 60 s may be shared by a whole channel ≈: each live job there gets its part. I discord/discord-api-docs#2701. */
export const channelEditMs = 2_000
/** All of the bot's progress together takes this part of its 50 requests a second. D topics/rate-limits. */
export const surfaceEditMs = 100
/** No job is left alone for longer than this: well within the time between hand-over and the token's end. */
export const longestEditMs = 60_000

/** Where Discord serves attachments. D reference, CDN. */
export const cdnHosts: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net']

/** Characters in a form: of its title and labels, of a label's description, of a text that is typed. D components/reference. */
export const titleLength = 45
export const labelLength = 45
export const descriptionLength = 100
export const fieldLength = 4000
/** Files of one upload in a form. D components/reference. */
export const formFiles = 10
/** Characters of a choice's name, and choices at once. D interactions/application-commands. */
export const choiceLength = 100
export const choiceCount = 25
/** Characters of a select's option label and of its placeholder. D components/reference. */
export const optionLength = 100
export const placeholderLength = 150
