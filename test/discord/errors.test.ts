import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js'
import { describe, expect, test } from 'vitest'
import { classify, redacted } from '../../src/discord/errors.ts'

const token = 'aW50ZXJhY3Rpb246c2VjcmV0'
const route = `/webhooks/1400000000000000001/${token}/messages/@original`
const url = `https://discord.com/api/v10${route}`

function answered(status: number, code: number, errors?: object): DiscordAPIError {
  const raw = { code, message: 'words of Discord’s with a secret prompt', ...(errors && { errors }) }
  return new DiscordAPIError(raw as never, code, status, 'PATCH', url, {
    body: { content: 'a secret prompt' },
    files: undefined,
  })
}

const asked = { method: 'PATCH', route, auth: false }

describe('each row of the fact sheet', () => {
  test.each([
    [40060, 400, 'acknowledged', 'internal'],
    [10062, 404, 'interaction_gone', 'delivery_gone'],
    [50027, 401, 'token_over', 'delivery_gone'],
    [10015, 404, 'token_over', 'delivery_gone'],
    [10008, 404, 'message_gone', 'delivery_gone'],
    [10003, 404, 'place_gone', 'delivery_gone'],
    [50001, 403, 'place_gone', 'delivery_gone'],
    [50013, 403, 'forbidden', 'permission_missing'],
    [50035, 400, 'invalid', 'internal'],
    [50006, 400, 'invalid', 'internal'],
    [40005, 413, 'too_large', 'result_too_large'],
    [50045, 400, 'too_large', 'result_too_large'],
    [30015, 400, 'invalid', 'internal'],
    [50046, 400, 'invalid', 'internal'],
    [50146, 400, 'invalid', 'internal'],
    [40094, 400, 'refused', 'delivery_refused'],
    [30046, 429, 'limited', 'rate_limited'],
    [20028, 429, 'limited', 'rate_limited'],
    [20016, 429, 'limited', 'rate_limited'],
    [50083, 400, 'archived', 'delivery_refused'],
    [50007, 403, 'unwelcome', 'delivery_gone'],
    [50278, 403, 'unwelcome', 'delivery_gone'],
    [20009, 400, 'refused', 'delivery_refused'],
    [200000, 400, 'refused', 'delivery_refused'],
    [240000, 400, 'refused', 'delivery_refused'],
    [400001, 403, 'refused', 'delivery_refused'],
    [160002, 403, 'unreferable', 'permission_missing'],
    [130000, 500, 'unavailable', 'surface_unavailable'],
    [50014, 401, 'signed_out', 'surface_unavailable'],
  ])('code %i with HTTP %i is %s', (code, status, trouble, failure) => {
    const classified = classify(answered(status, code), asked)
    expect([classified.trouble, classified.error.code]).toEqual([trouble, failure])
  })
})

describe('answers without a code of Discord’s', () => {
  test.each([
    [401, true, 'signed_out'],
    [401, false, 'token_over'],
    [403, true, 'unavailable'],
    [413, true, 'too_large'],
    [429, true, 'limited'],
    [404, true, 'unavailable'],
  ])('HTTP %i (with the bot’s token: %s) is %s', (status, auth, trouble) => {
    expect(classify(answered(status, 0), { ...asked, auth }).trouble).toBe(trouble)
  })

  test('a server error, a broken connection and a time-out pass', () => {
    const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const late = new DOMException('aborted', 'AbortError')
    const server = new HTTPError(502, 'Bad Gateway', 'PATCH', url, { body: undefined, files: undefined })
    for (const thrown of [broken, late, server, 'text', undefined])
      expect(classify(thrown, asked)).toMatchObject({ trouble: 'unavailable', error: { code: 'surface_unavailable' } })
  })

  test('a rate limit says how long', () => {
    const limit = new RateLimitError({
      ...{ timeToReset: 900, limit: 5, method: 'PATCH', hash: 'x', url, route, majorParameter: token },
      ...{ global: false, retryAfter: 1_234, sublimitTimeout: 0, scope: 'user' as const },
    })
    expect(classify(limit, asked).error).toMatchObject({ code: 'rate_limited', retryAfterMs: 1_234 })
  })
})

describe('what the log gets', () => {
  test('holds neither tokens nor prompts', () => {
    const { error } = classify(
      answered(400, 50035, { content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'secret prompt' }] } }),
      asked,
    )
    expect(error.detail).toBe(
      'PATCH /webhooks/:id/:token/messages/@original: HTTP 400 50035 InvalidFormBodyOrContentType (content: BASE_TYPE_MAX_LENGTH)',
    )
    expect(error.cause).toBeUndefined()
    const everything = `${error.stack} ${JSON.stringify(error)} ${String(error)}`
    expect(everything).not.toContain(token)
    expect(everything).not.toContain('secret')
  })

  test.each([
    ['/interactions/1441787346935906305/aW50ZXJh.c_-/callback', '/interactions/:id/:token/callback'],
    ['/webhooks/1400000000000000001/aW50?wait=true', '/webhooks/:id/:token'],
    ['/channels/1400000000000000001/messages/1400000000000000002', '/channels/:id/messages/:id'],
  ])('%s is written as %s', (from, to) => {
    expect(redacted(from)).toBe(to)
  })
})
