import { expect, it } from 'vitest'
import { createCipher } from '../../src/slack/cipher.ts'

const key = 'a-secrets-key-of-at-least-thirty-two-characters'
const refused = expect.objectContaining({ code: 'configuration' })

it('opens what it sealed, and never seals alike', () => {
  const cipher = createCipher(key)
  const sealed = cipher.seal('slack/installation/T1', 'xoxb-1 ü😀')
  expect(sealed).not.toContain('xoxb')
  expect(cipher.seal('slack/installation/T1', 'xoxb-1 ü😀')).not.toBe(sealed)
  expect(createCipher(key).open('slack/installation/T1', sealed)).toBe('xoxb-1 ü😀')
  expect(cipher.open('a', cipher.seal('a', ''))).toBe('')
})

it('does not open what was sealed with another key, at another place, or changed', () => {
  const cipher = createCipher(key)
  const sealed = cipher.seal('slack/installation/T1', 'xoxb-1')
  const opening =
    (name: string, text: string, own = cipher) =>
    () =>
      own.open(name, text)
  expect(opening('slack/installation/T1', sealed, createCipher(`${key}!`))).toThrow(refused)
  expect(opening('slack/installation/T2', sealed)).toThrow(refused)
  const bytes = Buffer.from(sealed.slice(3), 'base64url')
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(opening('slack/installation/T1', `v1.${changed.toString('base64url')}`)).toThrow(refused)
  }
  for (const text of ['', 'v1', 'v1.', 'v2.AAAA', `v1.${bytes.subarray(0, 20).toString('base64url')}`, 'hello'])
    expect(opening('slack/installation/T1', text)).toThrow(refused)
})

it('says which setting is wrong, and nothing of what it was given', () => {
  try {
    createCipher(key).open('a', createCipher(`${key}2`).seal('a', 'xoxb-hunter2'))
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ failure: { detail: expect.stringContaining('SECRETS_KEY') } })
    expect(String(error)).not.toContain('hunter2')
  }
})
