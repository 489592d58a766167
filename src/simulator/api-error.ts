/** An error in the service's documented form. */
export interface ApiError {
  readonly status: number
  readonly type: string
  readonly message: string
}

const usual: Readonly<Record<number, { readonly type: string; readonly message: string }>> = {
  400: { type: 'invalid_request', message: 'Invalid parameters' },
  401: { type: 'authentication_error', message: 'Invalid API key' },
  402: { type: 'insufficient_credits', message: 'Insufficient credits' },
  403: { type: 'permission_denied', message: 'Forbidden' },
  404: { type: 'not_found', message: 'Task not found' },
  413: { type: 'invalid_request', message: 'Request body too large' },
  415: { type: 'invalid_request', message: 'Content-Type must be application/json' },
  429: { type: 'rate_limit_exceeded', message: 'Too many requests' },
  455: { type: 'maintenance', message: 'Service is under maintenance' },
  500: { type: 'server_error', message: 'Internal server error' },
  503: { type: 'service_unavailable', message: 'Service temporarily unavailable' },
}

const messages: Readonly<Record<string, string>> = {
  content_policy_violation: 'Your request was rejected by the content policy',
}

/** The error with an HTTP status; its type and words are the usual ones unless given. */
export function apiError(
  status: number,
  given: { readonly type?: string | undefined; readonly message?: string | undefined } = {},
): ApiError {
  const { type, message } = usual[status] ?? { type: 'error', message: 'Error' }
  return {
    status,
    type: given.type ?? type,
    message: given.message ?? (given.type === undefined ? message : (messages[given.type] ?? message)),
  }
}

export function errorBody({ status, type, message }: ApiError) {
  return { error: { code: status, message, type } }
}
