import type { AckFn, App, Context } from '@slack/bolt'
import { failureOf } from '../core/failure.ts'
import type { AdapterTools } from '../core/ports.ts'
import type { Studio } from '../core/studio.ts'
import type { Notice } from '../core/view.ts'
import type { Access } from './access.ts'
import { acknowledge } from './acks.ts'
import { type Listener, tellAside } from './aside.ts'
import { definitions } from './commands.ts'
import { parseDeparture } from './departure.ts'
import { formCallbacks } from './form.ts'
import { type FormAck, formReply } from './form-reply.ts'
import { createForms, type Forms } from './forms.ts'
import { parseHomeOpened, showHome } from './home.ts'
import { parsePress, parseShortcut } from './interaction.ts'
import { type Heard, parseCommand, parseMessage } from './parse.ts'
import { answerButton, type Press, type PressTools } from './press.ts'
import { type Ack, commandReply, messageReply, type ReplyDeps } from './reply.ts'
import { answerShare, parseShare, shareCallback } from './share.ts'
import { answerSpoken } from './spoken.ts'
import { parseSubmission, submissionAsk } from './submission.ts'
import type { Workspace } from './tokens.ts'
import type { SlackApi } from './web-api.ts'

export interface ListenersDeps {
  readonly app: App
  readonly api: SlackApi
  readonly access: Access
  readonly reply: ReplyDeps
  readonly pressing: PressTools
  readonly tools: Pick<AdapterTools, 'clock' | 'log'>
}

/** What is done when Slack tells of something. */
export interface Listeners {
  /** Begins to hand what people ask to the studio. */
  serve(studio: Studio): void
  /** Resolves when nothing that arrived is still being answered. */
  idle(): Promise<void>
}

export function createListeners(deps: ListenersDeps): Listeners {
  const { app, api, access, reply } = deps
  const { clock, log } = deps.tools
  const busy = new Set<Promise<unknown>>()
  const acks = acknowledge(app, clock, log)

  /** Remembers what is under way; a failure goes on to Bolt, which leaves the event unacked. */
  async function during<T>(task: Promise<T>): Promise<T> {
    busy.add(task)
    try {
      return await task
    } finally {
      busy.delete(task)
    }
  }

  function serve(studio: Studio): void {
    const forms = createForms({ api, clock, log }, studio)
    const spoken = { studio, forms, api, log }

    // Any name: whoever runs the bot may have called the command otherwise.
    app.command(/^\//, async ({ payload, ack, context }) => {
      const receivedAt = clock.monotonic()
      const asked = parseCommand(payload, workspaceOf(context), clock.now())
      if (asked === null) return ack()
      const send: Ack = (words) =>
        ack(words === undefined ? undefined : { ...words, blocks: [...words.blocks], response_type: 'ephemeral' })
      const own = commandReply(asked, send, reply)
      await during(heardIn(context) === null ? own.refuse(notInstalled) : answerSpoken(asked, own, receivedAt, spoken))
    })

    const message = async (body: object, context: Context) => {
      const receivedAt = clock.monotonic()
      const heard = heardIn(context)
      const asked = heard === null ? null : parseMessage(body, heard)
      if (asked === null) return
      await during(
        answerSpoken(
          asked,
          messageReply(asked, () => acks.of(body), reply),
          receivedAt,
          spoken,
        ),
      )
    }
    app.event('app_mention', ({ body, context }) => message(body, context))
    app.event('message', ({ body, context }) => message(body, context))

    app.shortcut(/.*/, async ({ body, ack, context }) => {
      await ack()
      await during(shortcut(body, context, forms))
    })
    // Old buttons too: what is not acked shows a warning sign.
    app.action(/.*/, ({ body, ack, context }) => during(press(body, context, () => ack(), studio, forms)))
    app.view({ callback_id: /.*/, type: 'view_submission' }, ({ body, ack, context }) =>
      during(submission(body, context, ack as AckFn<unknown>, studio)),
    )

    app.event('app_home_opened', async ({ body, context }) => {
      const heard = heardIn(context)
      const user = parseHomeOpened(body)
      if (heard === null || user === null) return
      // Nothing is lost when it fails: it is drawn anew each time it is opened.
      await acks.of(body)
      await during(showHome(heard.workspace, user, studio, { api, log }).catch(unanswered))
    })
    const departed = async (body: object, context: Context) => {
      const at = parseDeparture(body)
      if (at !== null) await during(access.left(workspaceOf(context), at))
    }
    app.event('app_uninstalled', ({ body, context }) => departed(body, context))
    app.event('tokens_revoked', ({ body, context }) => departed(body, context))
  }

  async function shortcut(body: unknown, context: Context, forms: Forms): Promise<void> {
    const heard = heardIn(context)
    const chosen = parseShortcut(body, heard ?? { workspace: workspaceOf(context), botUserId: '' }, clock.now())
    if (chosen === null) return
    const { message, person, triggerId, callbackId } = chosen
    const trigger = { workspace: workspaceOf(context), triggerId }
    const { edit, create } = definitions.shortcuts
    const notice: Notice | null =
      heard === null
        ? notInstalled
        : message !== null && callbackId === edit.callback_id
          ? await forms.edit(trigger, message, person.id)
          : callbackId === create.callback_id
            ? await forms.create(trigger, null)
            : { kind: 'old_button' }
    const at = message?.origin ?? null
    const to = { ...trigger.workspace, user: person.id, response: at?.response ?? null, at }
    if (notice !== null) await tell(to, notice)
  }

  async function press(
    body: unknown,
    context: Context,
    ack: () => Promise<void>,
    studio: Studio,
    forms: Forms,
  ): Promise<void> {
    const receivedAt = clock.monotonic()
    const parsed = parsePress(body, workspaceOf(context), clock.now())
    if (parsed === null) return ack()
    let acked: Promise<void> | null = null
    const once = () => {
      acked ??= ack()
      return acked
    }
    const pressed: Press = { ...parsed, receivedAt, ack: once }
    const { button, origin, workspace, person } = pressed
    const installed = heardIn(context) !== null
    if (installed && button?.action !== 'edit') return answerButton(pressed, studio, deps.pressing)
    await once()
    const notice = installed && button !== null ? await forms.again(pressed, button) : notInstalled
    const to = { ...workspace, user: person.id, response: origin?.response ?? null, at: origin }
    if (notice !== null) await tell(to, notice)
  }

  async function submission(
    body: SubmissionBody,
    context: Context,
    ack: AckFn<unknown>,
    studio: Studio,
  ): Promise<void> {
    const receivedAt = clock.monotonic()
    if (body.view.callback_id === shareCallback) {
      const shared = parseShare(body, workspaceOf(context), clock.now())
      const done = async () => void (await ack(undefined))
      return shared === null ? done() : answerShare({ ...shared, receivedAt, ack: done }, studio, reply)
    }
    const known: readonly string[] = Object.values(formCallbacks)
    const sent = parseSubmission(body, workspaceOf(context), clock.now())
    if (sent === null || !known.includes(body.view.callback_id)) return void (await ack(undefined))
    const send: FormAck = async (errors) => {
      await ack(errors === undefined ? undefined : { response_action: 'errors', errors })
    }
    const own = formReply(sent, send, reply)
    if (heardIn(context) === null) return own.refuse(notInstalled)
    if (sent.subject === null) return own.refuse({ kind: 'form_expired' })
    await studio.imagine(submissionAsk(sent, sent.subject, receivedAt), own)
    await own.settle()
  }

  async function tell(to: Listener, notice: Notice): Promise<void> {
    await tellAside(to, notice, reply).catch(unanswered)
  }

  function unanswered(error: unknown): void {
    const { code, detail } = failureOf(error)
    log.warn({ failure: code, detail }, 'somebody was not answered')
  }

  return {
    serve,
    idle: async () => {
      await Promise.allSettled([...busy])
    },
  }
}

interface SubmissionBody {
  readonly view: { readonly callback_id: string }
}

const notInstalled: Notice = { kind: 'failure', failure: { code: 'token_rejected' } }

/** Where an event belongs, as Bolt found it. */
function workspaceOf({ teamId, enterpriseId, isEnterpriseInstall }: Context): Workspace {
  const org = isEnterpriseInstall || teamId === undefined ? (enterpriseId ?? null) : null
  return { team: teamId ?? enterpriseId ?? '', enterprise: org }
}

/** Null where the app is not installed (any more). */
function heardIn(context: Context): Heard | null {
  const { botUserId } = context
  return botUserId === undefined ? null : { workspace: workspaceOf(context), botUserId }
}
