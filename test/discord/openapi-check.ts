import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'

/** Discord's own description of its API, as a judge of requests; unknown keys are refused. */
export interface OpenApi {
  /** Finds the operation; null for a path or method that Discord does not have. */
  match(method: string, path: string): Operation | null
  /** What is wrong with a value that should be of a named schema. */
  check(schemaName: string, value: unknown): string[]
  /** Compiles what would otherwise be compiled, for up to a second, while a client waits for its answer. */
  warm(operations: readonly (readonly [method: string, path: string])[], schemas: readonly string[]): void
}

export interface Operation {
  /** The path with its parameters' names. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  /** Whether it must carry the bot's token. */
  readonly needsToken: boolean
  checkQuery(query: URLSearchParams): string[]
  checkBody(body: unknown): string[]
}

interface Schema {
  [key: string]: unknown
}
interface OperationObject {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly security?: readonly Readonly<Record<string, unknown>>[]
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const methods: ReadonlySet<string> = new Set(['get', 'put', 'post', 'patch', 'delete'])
const documentId = 'https://discord.test/openapi'
let loaded: OpenApi | null = null

/** Reads the document once for the whole process. */
export function openApi(): OpenApi {
  loaded ??= load()
  return loaded
}

function load(): OpenApi {
  const document = JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8')) as Document
  closeObjects(document.components)
  const ajv = new Ajv2020({ strict: false, allErrors: false, verbose: false })
  const addFormats = addFormatsModule as unknown as (target: Ajv2020) => void
  addFormats(ajv)
  for (const format of ['snowflake', 'nonce', 'int32', 'int64']) ajv.addFormat(format, true)
  ajv.addSchema({ $id: documentId, components: document.components })

  const compiled = new Map<string, ValidateFunction>()
  const validate = (key: string, schema: Schema, value: unknown): string[] => {
    const known = compiled.get(key) ?? ajv.compile(absolute(schema) as Schema)
    compiled.set(key, known)
    if (known(value)) return []
    return (known.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }

  const routes = Object.entries(document.paths)
    .map(([path, item]) => ({ path, item, pattern: patternOf(path), fixed: path.replaceAll(/\{[^}]+\}/g, '').length }))
    // `@original` before `{message_id}`.
    .sort(
      (a, b) => Number(a.path.includes('{message_id}')) - Number(b.path.includes('{message_id}')) || b.fixed - a.fixed,
    )

  const api: OpenApi = {
    match: (method, path) => {
      for (const { path: template, item, pattern } of routes) {
        const found = pattern.exec(path)
        const operation = item[method.toLowerCase()]
        if (found === null || operation === undefined || !methods.has(method.toLowerCase())) continue
        const key = `${method} ${template}`
        const names = [...template.matchAll(/\{([^}]+)\}/g)].map((name) => name[1] ?? '')
        return {
          path: template,
          params: Object.fromEntries(names.map((name, at) => [name, found[at + 1] ?? ''])),
          needsToken:
            operation.security !== undefined && !operation.security.some((one) => Object.keys(one).length === 0),
          checkQuery: (query) => checkQuery(operation, query, key, validate),
          checkBody: (body) => checkBody(operation, body, key, validate),
        }
      }
      return null
    },
    check: (name, value) =>
      validate(`schema ${name}`, { $ref: `#/components/schemas/${name}` }, value).map((line) => `${name}: ${line}`),
    warm: (operations, schemas) => {
      for (const [method, path] of operations) api.match(method, path)?.checkBody({})
      for (const name of schemas) api.check(name, {})
    },
  }
  return api
}

type Validate = (key: string, schema: Schema, value: unknown) => string[]

function checkQuery(operation: OperationObject, query: URLSearchParams, key: string, validate: Validate): string[] {
  return [...query].flatMap(([name, text]) => {
    const parameter = operation.parameters?.find((one) => one.in === 'query' && one.name === name)
    if (parameter === undefined) return [`query ${name} is unknown`]
    // Booleans in a query are text.
    const value = parameter.schema.type === 'boolean' && /^(true|false)$/.test(text) ? text === 'true' : text
    return validate(`${key}?${name}`, parameter.schema, value)
  })
}

function checkBody(operation: OperationObject, body: unknown, key: string, validate: Validate): string[] {
  const schema = operation.requestBody?.content['application/json']?.schema
  if (schema === undefined) return body === undefined ? [] : ['a body where none is taken']
  if (body === undefined) return ['no body']
  return validate(key, schema, normalised(body))
}

/**
 * Where the document and what Discord takes are known to differ: `attachments[].id` may be a number,
 * `default_member_permissions` is a string, `file_types` is newer than the document.
 */
function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalised)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'file_types')
      .map(([key, inner]): [string, unknown] => {
        if (key === 'attachments' && Array.isArray(inner)) return [key, inner.map(withTextId)]
        if (key === 'default_member_permissions' && typeof inner === 'string') return [key, Number(inner)]
        return [key, normalised(inner)]
      }),
  )
}

function withTextId(attachment: unknown): unknown {
  if (typeof attachment !== 'object' || attachment === null || !('id' in attachment)) return attachment
  return { ...attachment, id: typeof attachment.id === 'number' ? String(attachment.id) : attachment.id }
}

/** As published every object is open, so that a misspelt key would pass. */
function closeObjects(node: unknown): void {
  if (Array.isArray(node)) {
    for (const item of node) closeObjects(item)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const schema = node as Schema
  if (schema.type === 'object' && 'properties' in schema && !('additionalProperties' in schema))
    schema.unevaluatedProperties = false
  for (const inner of Object.values(schema)) closeObjects(inner)
}

function absolute(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(absolute)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? `${documentId}${value}` : absolute(value),
    ]),
  )
}

function patternOf(path: string): RegExp {
  const escaped = path.split(/\{[^}]+\}/).map((fixed) => fixed.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('([^/]+)')}$`)
}
