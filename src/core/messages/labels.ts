import type { CommandName } from '../messages.ts'

/** Names on buttons, forms, menus, commands and pages, in one language. */
export interface Labels {
  readonly labels: {
    readonly cancel: string
    /** What the bot is doing, after its name. */
    readonly drawing: string
    /** Asked before something is deleted, with the answer that keeps it. */
    readonly eraseSure: string
    readonly keep: string
    readonly reply: string
    readonly askedBy: string
    readonly sharedBy: string
    readonly again: string
    readonly edit: string
    readonly upgrade: string
    readonly variations: string
    readonly details: string
    readonly erase: string
    readonly share: string
    readonly shareToChannel: string
    readonly shareToThread: string
    readonly showResult: string
    readonly open: string
    readonly older: string
    readonly newer: string
    readonly history: string
    readonly usage: string
    readonly howTo: string
    /** Stands for a picture whose name is not known. */
    readonly repliedTo: string
  }
  /** Forms. Titles and buttons have at most 24 characters, Slack's limit. */
  readonly form: {
    readonly create: string
    readonly edit: string
    readonly share: string
    readonly prompt: string
    readonly promptHint: string
    readonly change: string
    readonly changeHint: string
    readonly pictures: string
    readonly picturesHint: string
    readonly aspectRatio: string
    readonly quality: string
    readonly count: string
    readonly where: string
    readonly onlyMe: string
    readonly submitCreate: string
    readonly submitEdit: string
    readonly submitShare: string
    readonly close: string
    /** Which pictures of a result. */
    readonly which: string
    readonly morePictures: string
  }
  /** The pages by which a workspace installs the bot. */
  readonly install: {
    readonly title: string
    readonly intro: string
    readonly button: string
    readonly done: (workspace: string) => string
    readonly denied: string
    /** The way back took too long, or did not begin here. */
    readonly stale: string
    readonly failed: string
  }
  /** The names of what "Details" lists. */
  readonly detail: {
    readonly prompt: string
    readonly aspectRatio: string
    readonly quality: string
    readonly credits: string
    readonly took: string
    readonly askedBy: string
    readonly when: string
    readonly inputs: string
    readonly madeFrom: string
    readonly number: string
  }
  readonly command: {
    readonly imagine: string
    readonly prompt: string
    readonly aspectRatio: string
    readonly quality: string
    readonly image: string
    readonly moreImages: string
    readonly count: string
    readonly private: string
    readonly spoiler: string
    readonly images: string
    readonly history: string
    readonly show: string
    readonly showId: string
    readonly usage: string
    readonly help: string
    /** The entries of the menus at a message and for everywhere: no sentence. */
    readonly editImage: string
    readonly createImage: string
  }
  /** Names of commands and options where a chat translates them: lower case, at most 30 letters, digits, `-` and `_`. */
  readonly names: Readonly<Record<CommandName, string>>
  /** The playground's page, besides what it shares with the chats. */
  readonly page: {
    readonly simulated: string
    readonly welcome: string
    readonly howTo: string
    /** Requests to begin with. */
    readonly examples: readonly string[]
    readonly conversation: string
    readonly suggestions: string
    readonly attached: string
    readonly attach: string
    readonly send: string
    readonly write: string
    readonly change: string
    readonly hint: string
    readonly drop: string
    readonly replying: string
    readonly removeReply: string
    readonly removePicture: string
    readonly earlier: string
    readonly newest: string
    readonly sending: string
    readonly unsent: string
    readonly notSent: string
    /** After the name of a picture. */
    readonly notUploaded: string
    readonly reconnecting: string
    readonly onlyYou: string
    readonly dismiss: string
    readonly download: string
    readonly openFull: string
    readonly close: string
    readonly you: string
    readonly gone: string
    readonly needsScript: string
  }
}
