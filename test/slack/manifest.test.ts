import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { definitions, manifest, optionalScopes, scopes } from '../../src/slack/commands.ts'

const root = join(import.meta.dirname, '../..')

describe('the manifest', () => {
  it('is printed by npm run slack:manifest', () => {
    const printed = execFileSync(process.execPath, ['src/slack/manifest.ts'], { cwd: root, encoding: 'utf8' })
    expect(JSON.parse(printed)).toEqual(manifest())
  })

  it('is within Slack’s limits', () => {
    expect(definitions.name.length).toBeLessThanOrEqual(35)
    expect(definitions.command.description.length).toBeLessThanOrEqual(140)
    expect(definitions.command.command.length).toBeLessThanOrEqual(32)
    expect(definitions.command.usage_hint.length).toBeLessThanOrEqual(1_000)
  })

  it('asks for exactly the scopes that the methods used need', () => {
    const needed = new Map([
      ['chat.postMessage', ['chat:write']],
      ['chat.postEphemeral', ['chat:write']],
      ['chat.update', ['chat:write']],
      ['files.info', ['files:read']],
      ['files.getUploadURLExternal', ['files:write']],
      ['files.completeUploadExternal', ['files:write']],
      ['conversations.replies', ['channels:history', 'groups:history', 'im:history', 'mpim:history']],
      ['auth.test', []],
    ])
    const sources = readdirSync(join(root, 'src/slack')).map((name) =>
      readFileSync(join(root, 'src/slack', name), 'utf8'),
    )
    const used = sources.flatMap((text) => [
      ...[...text.matchAll(/client\.(?!apiCall)(\w+\.\w+)\(/g)].map(([, method = '']) => method),
      ...[...text.matchAll(/apiCall\('([\w.]+)'/g)].map(([, method = '']) => method),
    ])
    expect([...new Set(used)].sort()).toEqual([...needed.keys()].sort())
    // What is heard: a command, mentions, direct messages.
    const heard = ['commands', 'app_mentions:read', 'im:history']
    expect(Object.keys(scopes).sort()).toEqual([...new Set([...heard, ...[...needed.values()].flat()])].sort())
    expect(Object.keys(optionalScopes)).toEqual(['chat:write.public'])
  })
})
