import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api'
import { describe, expect, it } from 'vitest'
import { AppError, type FailureCode } from '../../src/core/failure.ts'
import { type Fault, faultOf, isUnreadyFile, refusal, remarksOf, toAppError } from '../../src/slack/errors.ts'

const platform = (error: string, more: object = {}) => new WebAPIPlatformError({ ok: false, error, ...more })

describe('every row of the fact sheet’s table', () => {
  const rows: readonly [string, Fault, FailureCode][] = [
    ...(['not_in_channel', 'channel_not_found'] as const).map(row('absent', 'permission_missing')),
    ...[
      'is_archived',
      'is_inactive',
      'restricted_action',
      'restricted_action_thread_only_channel',
      'messages_tab_disabled',
      'ekm_access_denied',
    ].map(row('closed', 'delivery_refused')),
    ...['msg_too_long', 'msg_blocks_too_long', 'invalid_blocks', 'invalid_blocks_format'].map(
      row('unfit', 'delivery_refused'),
    ),
    ...['ratelimited', 'message_limit_exceeded'].map(row('limited', 'rate_limited')),
    ...['message_not_found', 'cant_update_message', 'edit_window_closed', 'cant_delete_message'].map(
      row('gone', 'delivery_gone'),
    ),
    ...['thread_not_found', 'invalid_thread_ts'].map(row('threadless', 'delivery_gone')),
    ...['expired_trigger_id', 'exchanged_trigger_id', 'invalid_trigger_id'].map(row('late', 'delivery_gone')),
    ...['view_too_large', 'hash_conflict', 'duplicate_external_id'].map(row('ours', 'internal')),
    ...['file_not_found', 'file_deleted', 'cant_delete_file', 'not_visible', 'check_file_info'].map(
      row('file_gone', 'input_gone'),
    ),
    ...[
      'file_uploads_disabled',
      'file_uploads_except_images_disabled',
      'file_upload_size_restricted',
      'file_type_not_allowed',
      'storage_limit_reached',
      'posting_to_channel_denied',
      'slack_connect_file_upload_sharing_blocked',
      'slack_connect_clip_sharing_blocked',
    ].map(row('upload_refused', 'delivery_refused')),
    ...['missing_scope', 'not_allowed_token_type'].map(row('scope', 'permission_missing')),
    ...[
      'invalid_auth',
      'not_authed',
      'token_revoked',
      'token_expired',
      'account_inactive',
      'team_access_not_granted',
    ].map(row('signed_out', 'token_rejected')),
    ...['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'].map(
      row('passing', 'surface_unavailable'),
    ),
    ...['used_url', 'expired_url'].map(row('spent', 'delivery_gone')),
    ['something_new', 'unknown', 'internal'],
  ]

  function row(fault: Fault, code: FailureCode) {
    return (name: string): [string, Fault, FailureCode] => [name, fault, code]
  }

  it.each(rows)('%s is %s', (name, fault, code) => {
    const error = toAppError(platform(name))
    expect(error).toMatchObject({ code, detail: `Slack: ${name}` })
    expect(faultOf(error)).toBe(fault)
  })
})

describe('classifying', () => {
  it('names the scope that is needed', () => {
    expect(toAppError(platform('missing_scope', { needed: 'files:read', provided: 'x' })).detail).toContain(
      'files:read',
    )
  })

  it('keeps how long to wait', () => {
    expect(toAppError(new WebAPIRateLimitedError(7))).toMatchObject({ code: 'rate_limited', retryAfterMs: 7_000 })
  })

  it('takes what is no answer of Slack’s as passing, and keeps none of it', () => {
    for (const error of [
      new WebAPIHTTPError(503, 'no', {}, 'secret body'),
      new WebAPIRequestError(new Error('connect to https://hooks.slack.com/x')),
      platform('<html>secret page</html>'),
      new TypeError('fetch failed'),
      undefined,
    ]) {
      const classified = toAppError(error)
      expect(classified.code).toBe('surface_unavailable')
      expect(classified.message).not.toMatch(/secret|hooks/)
    }
  })

  it('lets our own failures through', () => {
    const own = new AppError('not_ours')
    expect(toAppError(own)).toBe(own)
    expect(toAppError(new WebAPIRequestError(own))).toBe(own)
    expect(faultOf(own)).toBeNull()
    expect(faultOf(new Error('any'))).toBeNull()
  })

  it('tells a picture that is not ready from a message of a wrong form', () => {
    const said = (messages: string[]) => toAppError(platform('invalid_blocks', { response_metadata: { messages } }))
    expect(isUnreadyFile(said(['[ERROR] invalid slack file [json-pointer:/blocks/1]']))).toBe(true)
    expect(isUnreadyFile(said([]))).toBe(true)
    expect(isUnreadyFile(said(['[ERROR] must be less than 3001 characters']))).toBe(false)
    expect(isUnreadyFile(refusal('msg_too_long'))).toBe(false)
    expect(isUnreadyFile(new Error('x'))).toBe(false)
    expect(remarksOf(said(['[ERROR] no']))).toEqual(['[ERROR] no'])
  })
})
