import { describe, expect, test } from 'vitest'
import { english } from '../../src/core/messages/english.ts'
import type { Messages } from '../../src/core/messages.ts'
import { commandsFor } from '../../src/discord/commands.ts'
import { sameCommands } from '../../src/discord/registration.ts'
import { openApi } from './openapi-check.ts'
import { eventually, startRig } from './rig.ts'
import { commandProblems } from './rules.ts'
import { routes } from './stand-in.ts'

const registrations = (rig: Awaited<ReturnType<typeof startRig>>) => rig.standIn.sent('PUT', routes.commands).length

describe('the commands', () => {
  test.each([true, false])('are what Discord takes (user install: %s)', (userInstall) => {
    const commands = commandsFor({ userInstall })
    expect(commandProblems(commands)).toEqual([])
    expect(openApi().match('PUT', '/applications/1/commands')?.checkBody(commands)).toEqual([])
  })

  test('have the options of the product', () => {
    const [imagine] = commandsFor({ userInstall: false })
    const options = imagine && 'options' in imagine ? (imagine.options ?? []) : []
    expect(options.map(({ name, type }) => `${name}:${type}`)).toEqual([
      ...['prompt:3', 'aspect_ratio:3', 'quality:3', 'image:11', 'image2:11', 'image3:11', 'image4:11'],
      ...['count:4', 'private:5', 'spoiler:5'],
    ])
    const all = commandsFor({ userInstall: false })
    expect(all.map(({ name, type }) => `${name}:${type}`)).toEqual(['imagine:1', 'images:1', 'Edit image:3'])
    const [, images] = all
    const inner = images && 'options' in images ? (images.options ?? []) : []
    expect(inner.map(({ name, type }) => `${name}:${type}`)).toEqual(['history:1', 'show:1', 'usage:1', 'help:1'])
    for (const command of all) expect(command).toMatchObject({ contexts: [0, 1], integration_types: [0] })
    for (const command of commandsFor({ userInstall: true }))
      expect(command).toMatchObject({ contexts: [0, 1, 2], integration_types: [0, 1] })
  })

  describe('in a second language', () => {
    const { command, names } = english
    const shouted = <T extends object>(texts: T) =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, `¡${text}`])) as T
    const other: Messages = {
      ...english,
      locale: 'es',
      command: shouted(command),
      names: Object.fromEntries(Object.entries(names).map(([key, name]) => [key, `ñ-${name}`])) as Messages['names'],
      ratio: (ratio) => `¡${ratio}`,
      quality: (quality) => `¡${quality}`,
    }
    const commands = commandsFor({ userInstall: true, languages: { en: english, es: other } })
    /** Every name and description that a person sees. */
    const worded = (node: unknown): Record<string, unknown>[] => {
      if (Array.isArray(node)) return node.flatMap(worded)
      if (typeof node !== 'object' || node === null) return []
      const inner = Object.entries(node).flatMap(([key, value]) => (/locali/.test(key) ? [] : worded(value)))
      return ['name' in node ? (node as Record<string, unknown>) : [], inner].flat()
    }

    test('are what Discord takes', () => {
      expect(commandProblems(commands)).toEqual([])
      expect(openApi().match('PUT', '/applications/1/commands')?.checkBody(commands)).toEqual([])
    })

    test('say everything in it, and in both kinds of English', () => {
      const nodes = worded(commands)
      expect(nodes.length).toBeGreaterThan(20)
      for (const { name, name_localizations, description, description_localizations } of nodes) {
        expect(name_localizations).toEqual({
          'en-US': name,
          'en-GB': name,
          'es-ES': expect.stringMatching(/^[¡ñ]/),
          'es-419': expect.stringMatching(/^[¡ñ]/),
        })
        if (description === undefined) continue
        expect(description_localizations).toMatchObject({ 'en-US': description, 'es-ES': `¡${description}` })
      }
    })

    test('keep the names that come back, and names of options differ', () => {
      const names = (list: unknown) => worded(list).map(({ name }) => name)
      expect(names(commands)).toEqual(names(commandsFor({ userInstall: true })))
      const [imagine] = commands
      const options = imagine && 'options' in imagine ? (imagine.options ?? []) : []
      const spanish = options.map(({ name_localizations }) => name_localizations?.['es-ES'])
      expect(spanish).toContain('ñ-image3')
      expect(new Set(spanish).size).toBe(options.length)
    })
  })
})

describe('registration', () => {
  test('happens once, and again only when something differs', async () => {
    await using first = await startRig()
    expect(registrations(first)).toBe(1)
    const registered = first.standIn.world.commands
    const keep = (standIn: typeof first.standIn) => {
      standIn.world.commands = registered
    }
    await using same = await startRig({ before: keep })
    expect(same.standIn.sent('GET', routes.commands)).toHaveLength(1)
    expect(registrations(same)).toBe(0)
    await using other = await startRig({ userInstall: true, before: keep })
    await other.standIn.until(() => registrations(other) === 1)
  })

  test('that Discord finds wrong is logged once, and the bot serves on', async () => {
    await using rig = await startRig({
      eager: true,
      before: ({ fail }) => void fail({ method: 'PUT', route: routes.commands, status: 400, code: 50_035, times: 9 }),
    })
    await eventually(() => rig.adapter.intake.ready() && registrations(rig) === 1, 'signed in')
    await eventually(() => rig.lines.join().includes('finds a request wrong'), 'it is logged')
    expect(rig.clock.sleeping()).toEqual([])
    expect(rig.fatals).toEqual([])
  })

  test('happens although Discord does not tell what is registered', async () => {
    await using rig = await startRig({
      before: ({ fail }) => void fail({ method: 'GET', route: routes.commands, status: 404, code: 0, times: 9 }),
    })
    expect(registrations(rig)).toBe(1)
  })

  test('that fails for now is tried again', async () => {
    await using rig = await startRig({
      eager: true,
      before: ({ fail }) => void fail({ method: 'PUT', route: routes.commands, status: 502 }),
    })
    await eventually(() => rig.clock.sleeping().includes(1_000), 'a pause')
    rig.clock.advance(1_000)
    await rig.standIn.ready()
    expect(registrations(rig)).toBe(2)
  })
})

describe('comparing', () => {
  const wanted = commandsFor({ userInstall: true })
  const registered = () => JSON.parse(JSON.stringify(wanted)) as Record<string, unknown>[]

  test('overlooks what Discord adds, leaves out and orders in its own way', () => {
    const [command, ...others] = registered()
    const noise = {
      ...{ id: '1', application_id: '2', version: '3', nsfw: false, dm_permission: true, handler: null },
      ...{ default_member_permissions: null, name_localizations: null, contexts: [2, 0, 1], integration_types: [1, 0] },
    }
    expect(sameCommands(wanted, [{ ...noise, ...command, contexts: [2, 0, 1] }, ...others])).toBe(true)
  })

  type Registered = Record<string, unknown>
  const changes: readonly (readonly [string, (command: Registered) => Registered])[] = [
    ['a description', (command) => ({ ...command, description: 'other' })],
    ['a context', (command) => ({ ...command, contexts: [0] })],
    ['permissions', (command) => ({ ...command, default_member_permissions: '0' })],
    ['an option', (command) => ({ ...command, options: [] })],
    [
      'the order of options',
      (command) => ({ ...command, options: (command.options as unknown[] | undefined)?.toReversed() }),
    ],
  ]
  test.each(changes)('sees %s', (_, change) => {
    expect(sameCommands(wanted, registered().map(change))).toBe(false)
  })

  test('sees a command too many and one too few', () => {
    expect(sameCommands(wanted, [])).toBe(false)
    expect(sameCommands(wanted, [...registered(), { name: 'old', type: 1, description: 'x' }])).toBe(false)
  })
})
