import { setTimeout as after } from 'node:timers/promises'
import sharp from 'sharp'
import { messagesFor } from '../../src/core/messages.ts'
import type { Random } from '../../src/core/ports.ts'
import { buttonsOf, type OptionValue } from '../discord/invocation.ts'
import type { Invocation, StandIn, StoredMessage } from '../discord/stand-in.ts'

/** What a person wants of a command; it decides which ends are right. */
export type Wish =
  | 'picture'
  | 'pictures'
  | 'edit'
  | 'private'
  /** Cancelled by its person as soon as there is a button. */
  | 'cancel'
  /** Refused by the content policy. */
  | 'refused'
  /** The API takes it and fails at it. */
  | 'failing'
  /** The API, its looks or its results misbehave in a way that must not be noticed. */
  | 'bumpy'
  /** The API takes it and loses the answer. */
  | 'lost_answer'

/** A command that somebody gave, recorded outside the processes that serve it. */
export interface Command {
  readonly wish: Wish
  readonly person: string
  /** A word in its prompt that no other has. */
  readonly tag: string
  readonly count: number
  readonly invocation: Invocation
  readonly sentAt: number
  /** How often its event was sent once more. */
  repeats: number
  /** Presses of its Cancel button. */
  readonly presses: Press[]
}

/** Something that replicas hear of. */
export interface Press {
  readonly invocation: Invocation
  readonly sentAt: number
}

/** People who give commands, press buttons and send things twice. */
export interface Traffic extends AsyncDisposable {
  readonly commands: readonly Command[]
  /** Gives one command at once; `more` is added to its prompt. */
  give(wish: Wish, more?: string): Command
  /** Gives commands of all kinds, again and again. */
  start(perSecond: number): void
  /** Gives no more; presses that are due are still made. */
  rest(): Promise<void>
}

/** Of a hundred commands. */
const shares: readonly (readonly [Wish, number])[] = [
  ['picture', 45],
  ['pictures', 15],
  ['edit', 8],
  ['private', 6],
  ['cancel', 14],
  ['refused', 4],
  ['failing', 2],
  ['bumpy', 5],
  ['lost_answer', 1],
]
const bumps = ['[sim:429*1]', '[sim:look=500*2]', '[sim:look=reset*1]', '[sim:result=reset*1]']
const repeatShare = 0.1
const offlineShare = 0.1
const people = ['ann', 'bob', 'cleo', 'dan', 'eve', 'fay', 'gus', 'hal']
const words = ['a fox in the snow', 'a lighthouse at night', 'two owls on a wire', 'an empty street in the rain']
const cancelLabel = messagesFor('en').labels.cancel
/** With so many under way nobody asks for more: a slow machine gets fewer commands, not a longer line. */
const mostOpen = 24
const lookedAt = 100
/** A press that nobody answered within Discord's three seconds may be made again. */
const pressAgainMs = 3_500
const pressTries = 4

export async function createTraffic(standIn: StandIn, random: Random): Promise<Traffic> {
  const commands: Command[] = []
  const picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#803020' } })
    .png()
    .toBuffer()
  const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const resting = new AbortController()
  const ending = new AbortController()
  let giving: Promise<void> = Promise.resolve()
  const pressing = press()

  function give(wish: Wish, more = ''): Command {
    const tag = `x${String(commands.length + 1).padStart(5, '0')}`
    const count = wish === 'pictures' || (wish === 'cancel' && random() < 0.5) ? 2 : 1
    const values: Record<string, OptionValue> = { prompt: `${tag} ${promptFor(wish)} ${more}`.trim() }
    if (count > 1) values.count = count
    if (wish === 'edit') values.image = { name: 'given.png', bytes: picture }
    if (wish === 'private') values.private = true
    const person = pick(people)
    const invocation = standIn.command('/imagine', values, { name: person })
    const command: Command = { wish, person, tag, count, invocation, sentAt: Date.now(), repeats: 0, presses: [] }
    commands.push(command)
    return command
  }

  function promptFor(wish: Wish): string {
    switch (wish) {
      case 'refused':
        return 'refuse me'
      case 'failing':
        return '[sim:fail]'
      case 'bumpy':
        return `${pick(words)} ${pick(bumps)}`
      case 'lost_answer':
        return '[sim:lose]'
      case 'cancel':
        // Long enough for a button to be seen; others wait in line for as long.
        return random() < 0.5 ? `${pick(words)} [sim:slow=4]` : pick(words)
      default:
        return pick(words)
    }
  }

  function wish(): Wish {
    let left = random() * 100
    for (const [kind, share] of shares) {
      left -= share
      if (left < 0) return kind
    }
    return 'picture'
  }

  /** Commands whose end somebody still waits for. */
  function open(): number {
    return commands.slice(-lookedAt).filter(({ invocation, sentAt }) => {
      const message = invocation.message()
      return message === null ? Date.now() - sentAt < pressAgainMs : hasCancel(message)
    }).length
  }

  async function giveMore(perSecond: number): Promise<void> {
    while (!resting.signal.aborted) {
      // Few people ask a bot that they see offline.
      if (open() < mostOpen && (standIn.gateway.live() > 0 || random() < offlineShare)) {
        const command = give(wish())
        if (random() < repeatShare) {
          await pause(random() * 400, resting.signal)
          standIn.redeliver(command.invocation)
          command.repeats += 1
        }
      }
      // Exponential: people come in clusters.
      await pause((-Math.log(1 - random()) * 1_000) / perSecond, resting.signal)
    }
  }

  /** Presses the Cancel buttons of those who changed their minds, also after a press that was lost with its replica. */
  async function press(): Promise<void> {
    const last = new Map<Command, number>()
    while (!ending.signal.aborted) {
      for (const command of commands) {
        if (command.wish !== 'cancel' || command.presses.length >= pressTries) continue
        if (command.presses.some(({ invocation }) => invocation.interaction.answered !== null)) continue
        if (Date.now() - (last.get(command) ?? 0) < pressAgainMs) continue
        const message = command.invocation.message()
        if (message === null || !hasCancel(message)) continue
        last.set(command, Date.now())
        const invocation = standIn.press(message, cancelLabel, { name: command.person })
        command.presses.push({ invocation, sentAt: Date.now() })
      }
      await pause(40, ending.signal)
    }
  }

  return {
    commands,
    give,
    start: (perSecond) => {
      giving = giveMore(perSecond)
    },
    rest: async () => {
      resting.abort()
      await giving
    },
    [Symbol.asyncDispose]: async () => {
      resting.abort()
      ending.abort()
      await Promise.all([giving, pressing])
    },
  }
}

/** An abort only cuts it short. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await after(ms, undefined, { signal }).catch(() => undefined)
}

function hasCancel(message: StoredMessage): boolean {
  return buttonsOf(message).some(({ label }) => label === cancelLabel)
}
