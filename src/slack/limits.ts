import type { PictureType } from '../core/job.ts'

/**
 * Slack's limits. Sources: docs.slack.dev, reference of Block Kit and of each method (checked 2026-11-22); lengths in
 * characters unless said otherwise.
 */
export const slackLimits = {
  /** Blocks in one message. */
  blocks: 50,
  /** Text of a section. */
  sectionText: 3_000,
  /** `text` of chat.update: more is msg_too_long. */
  updateText: 4_000,
  /** All blocks of a message together; found by experience (bolt-js#2509), more is msg_blocks_too_long. */
  blocksText: 13_200,
  /** `alt_txt` of files.getUploadURLExternal; `alt_text` of an image block takes twice as much. */
  uploadAltText: 1_000,
  /** `image_url` of an image block, and `url` of a button. */
  url: 3_000,
  /** Largest file, in bytes: about 1 GB, less by a team's policy. */
  fileBytes: 1_000_000_000,
  /** What a `slack_file` image block shows. */
  pictureTypes: ['image/png', 'image/jpeg', 'image/gif'] satisfies readonly PictureType[] as readonly PictureType[],
  /** How often a response URL may be posted to, and for how long, in milliseconds. */
  responseUses: 5,
  responseMs: 30 * 60_000,
  /** Sockets of one app (node-slack-sdk#1654). */
  sockets: 10,
  /** Text typed into a form's field. */
  inputText: 3_000,
  /** What a form carries with it (`private_metadata`). */
  metadata: 3_000,
  /** Files of one `file_input`; each of at most 10 MB. */
  inputFiles: 10,
  /** chat.update for one workspace: tier 3. */
  editsPerMinute: 50,
} as const

/** Where a file's bytes may be fetched, and whereto the bot token may go along. */
export const slackFileHosts: readonly string[] = ['slack.com', 'slack-edge.com', 'slack-files.com']

/** Fits a text into a platform limit, by UTF-16 units as Slack counts, without cutting a character in half. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  let end = most - 1
  const last = text.charCodeAt(end - 1)
  if (last >= 0xd800 && last <= 0xdbff) end -= 1
  return `${text.slice(0, end)}…`
}
