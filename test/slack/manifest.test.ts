import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { definitions, manifest, optionalScopes, scopes } from '../../src/slack/commands.ts'

const root = join(import.meta.dirname, '../..')
const publicUrl = 'https://imagine.example.com'

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/slack/manifest.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stderr, printed: stdout === '' ? null : JSON.parse(stdout) }
}

describe('the manifest', () => {
  it.each([
    ['for sockets', [], { transport: 'sockets', publicUrl: null }],
    ['for sockets and many workspaces', [`${publicUrl}/`], { transport: 'sockets', publicUrl }],
    ['for requests', ['--http', publicUrl], { transport: 'http', publicUrl }],
  ] as const)('%s is printed by npm run slack:manifest', (_name, args, options) => {
    expect(run(...args)).toEqual({ status: 0, stderr: '', printed: manifest(options) })
  })

  it.each([['--http'], ['imagine.example.com'], ['--http', 'ftp://imagine.example.com']])(
    'is refused in words for %s %s',
    (...args) => {
      expect(run(...args)).toEqual({
        status: 1,
        printed: null,
        stderr: expect.stringContaining('https://imagine.example.com'),
      })
    },
  )

  it('for sockets names no address, for requests the one of our port everywhere', () => {
    const sockets = JSON.stringify(manifest({ transport: 'sockets', publicUrl: null }))
    expect(sockets).not.toMatch(/https?:/)
    expect(JSON.parse(sockets)).toMatchObject({
      settings: { socket_mode_enabled: true, org_deploy_enabled: false },
      features: { app_home: { home_tab_enabled: true, messages_tab_enabled: true } },
    })
    const url = `${publicUrl}/slack/events`
    expect(manifest({ transport: 'http', publicUrl })).toMatchObject({
      settings: {
        socket_mode_enabled: false,
        event_subscriptions: { request_url: url },
        interactivity: { is_enabled: true, request_url: url },
      },
      features: { slash_commands: [{ url }] },
      oauth_config: { redirect_urls: [`${publicUrl}/slack/oauth_redirect`] },
    })
  })

  it('is within Slack’s limits', () => {
    const { command, shortcuts } = definitions
    expect(definitions.name.length).toBeLessThanOrEqual(35)
    expect(command.description.length).toBeLessThanOrEqual(140)
    expect(command.command.length).toBeLessThanOrEqual(32)
    expect(command.usage_hint.length).toBeLessThanOrEqual(1_000)
    for (const { name, description, callback_id: id } of Object.values(shortcuts)) {
      // docs.slack.dev, "Implementing shortcuts": the name has at most 24 characters.
      expect(name.length).toBeLessThanOrEqual(24)
      expect(description.length).toBeLessThanOrEqual(150)
      expect(id).toMatch(/^(edit|create)_image$/)
    }
  })

  it('asks for exactly the scopes that the methods used and the events heard need', () => {
    const needed = new Map([
      ['chat.postMessage', ['chat:write']],
      ['chat.postEphemeral', ['chat:write']],
      ['chat.update', ['chat:write']],
      ['chat.delete', ['chat:write']],
      ['chat.getPermalink', []],
      ['assistant.threads.setStatus', ['chat:write']],
      ['files.info', ['files:read']],
      ['files.delete', ['files:write']],
      ['files.getUploadURLExternal', ['files:write']],
      ['files.completeUploadExternal', ['files:write']],
      ['conversations.replies', ['channels:history', 'groups:history', 'im:history', 'mpim:history']],
      ['views.open', []],
      ['views.publish', []],
      ['auth.test', []],
      ['oauth.v2.access', []],
    ])
    const sources = readdirSync(join(root, 'src/slack')).map((name) =>
      readFileSync(join(root, 'src/slack', name), 'utf8'),
    )
    const used = sources.flatMap((text) => [
      ...[...text.matchAll(/client\.(?!apiCall)((?:\w+\.)+\w+)\(/g)].map(([, method = '']) => method),
      ...[...text.matchAll(/apiCall\('([\w.]+)'/g)].map(([, method = '']) => method),
    ])
    expect([...new Set(used)].sort()).toEqual([...needed.keys()].sort())
    const heard: Readonly<Record<string, readonly string[]>> = {
      app_mention: ['app_mentions:read'],
      'message.im': ['im:history'],
      app_home_opened: [],
      app_uninstalled: [],
      tokens_revoked: [],
    }
    expect(Object.keys(heard)).toEqual(definitions.events)
    const all = ['commands', ...Object.values(heard).flat(), ...[...needed.values()].flat()]
    expect(Object.keys(scopes).sort()).toEqual([...new Set(all)].sort())
    expect(Object.keys(optionalScopes)).toEqual(['chat:write.public'])
  })

  it('hears every event that it asks for, and asks for every event that it hears', () => {
    const listeners = readFileSync(join(root, 'src/slack/listeners.ts'), 'utf8')
    const heard = [...listeners.matchAll(/app\.event\('(\w+)'/g)].map(([, name]) => name)
    expect(heard.sort()).toEqual(definitions.events.map((name) => name.split('.')[0]).sort())
  })

  it('has each scope explained in the documents', () => {
    const text = readFileSync(join(root, 'docs/slack.md'), 'utf8')
    const rows = text.split('\n').flatMap((line) => /^\| `([a-z_.:]+)` \| (.{10,}) \|$/.exec(line)?.[1] ?? [])
    expect(rows.sort()).toEqual([...Object.keys(scopes), ...Object.keys(optionalScopes), 'connections:write'].sort())
  })
})
