import type { APIInteraction } from 'discord.js'
import { failureOf } from '../core/failure.ts'
import type { Studio } from '../core/studio.ts'
import { type EditingOptions, openJobForm, openMenuForm, takeForm } from './editing.ts'
import { ackMs } from './limits.ts'
import { type Arrival, type ButtonPress, parseInteraction } from './parse.ts'
import { answerButton, type PressOptions } from './press.ts'
import { answerRecords, suggest, turnPage } from './records.ts'
import { createReply, tell } from './reply.ts'
import { timeOf } from './snowflake.ts'

export interface InteractionOptions extends PressOptions, EditingOptions {
  readonly tools: EditingOptions['tools']
}

/** Answers one interaction. Throws what it could not handle, after the person was told. */
export async function handleInteraction(
  interaction: APIInteraction,
  receivedAt: number,
  studio: Studio,
  options: InteractionOptions,
): Promise<void> {
  const ageMs = options.time.now() - timeOf(interaction.id)
  if (ageMs > ackMs) {
    // Replayed after a resume: its sender was told that nobody answered, and has probably asked again.
    options.tools.log.warn({ interaction: interaction.id, ageMs }, 'interaction too old to be answered')
    return
  }
  const arrival = parseInteraction(interaction, receivedAt)
  try {
    await answer(arrival, studio, options)
  } catch (error) {
    // Where there was an answer already, Discord takes no second one.
    if (arrival.kind !== 'none') await tell(arrival.caller, { kind: 'failure', failure: failureOf(error) }, options)
    throw error
  }
}

async function answer(arrival: Arrival, studio: Studio, options: InteractionOptions): Promise<void> {
  switch (arrival.kind) {
    case 'imagine':
      return studio.imagine(arrival.ask, createReply(arrival.caller, arrival.place, options))
    case 'show':
      return studio.followUp(arrival.ask, createReply(arrival.caller, arrival.place, options))
    case 'press':
      return press(arrival, studio, options)
    case 'menu_edit':
      return openMenuForm(arrival, studio, options)
    case 'form':
      return takeForm(arrival, studio, options)
    case 'records':
      return answerRecords(arrival, studio, options)
    case 'page':
      return turnPage(arrival, studio, options)
    case 'typing':
      return suggest(arrival, studio, options)
    case 'help':
      return tell(arrival.caller, { kind: 'help' }, options)
    case 'unknown_press':
      return tell(arrival.caller, { kind: 'old_button' }, options)
    case 'none':
      return
  }
}

function press(arrival: ButtonPress, studio: Studio, options: InteractionOptions): Promise<void> {
  const { action } = arrival.button
  return action === 'edit' ? openJobForm(arrival, studio, options) : answerButton(action, arrival, studio, options)
}
