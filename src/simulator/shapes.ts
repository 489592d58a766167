import { creditsPerPicture } from '../core/request.ts'
import { keptMs, type Standing, type Task, type TaskFailure } from './task.ts'

export const submitShapes = ['envelope', 'flat', 'data_id', 'camel'] as const
/** Where submit's answer carries the task's id. */
export type SubmitShape = (typeof submitShapes)[number]

export const resultShapes = [
  'output',
  'output_urls',
  'result_images',
  'result_url',
  'resultUrls',
  'images',
  'image_objects',
  'image_url',
  'resultJson',
  'flat',
  'none',
] as const
/** Where the answer about a finished task carries its picture's URL. */
type ResultShape = (typeof resultShapes)[number]

export const failureShapes = ['error', 'error_text', 'fail_reason', 'failMsg', 'flat', 'none'] as const
/** Where the answer about a failed task carries the reason. */
type FailureShape = (typeof failureShapes)[number]

/** How the answer about a task is put; what is left out is as the product page has it. */
export interface LookShape {
  readonly result?: ResultShape
  readonly failure?: FailureShape
  /** The word for a task that is being worked on, done, failed. */
  readonly working?: string
  readonly completed?: string
  readonly failed?: string
  /** Without it there is no progress in the answer. */
  readonly progress?: boolean
}

type Fields = Readonly<Record<string, unknown>>

function envelope(data: Fields): Fields {
  return { code: 200, message: 'success', data }
}

/** The answer to a submit that was taken. */
export function submitBody(task: Task, shape: SubmitShape): Fields {
  switch (shape) {
    case 'envelope':
      return envelope({ task_id: task.id, status: 'IN_PROGRESS' })
    case 'flat':
      return { id: task.id, status: 'pending', model: task.order.model, created_at: seconds(task.createdAt) }
    case 'data_id':
      return envelope({ id: task.id, status: 'queued' })
    case 'camel':
      return { code: 200, msg: 'success', data: { taskId: task.id } }
  }
}

/** The answer about a task as it stands; `url` is where its picture is. */
export function lookBody(task: Task, standing: Standing, url: string, shape: LookShape): Fields {
  const head = { task_id: task.id, model: task.order.model, created_at: seconds(task.createdAt) }
  switch (standing.state) {
    case 'working': {
      const progress = shape.progress === false ? {} : { progress: standing.progress }
      return envelope({ ...head, status: shape.working ?? 'IN_PROGRESS', ...progress })
    }
    case 'completed': {
      const done = { ...head, status: shape.completed ?? 'completed', credits: creditsPerPicture[task.order.quality] }
      return resultBody(done, task, url, shape.result ?? 'output')
    }
    case 'failed':
      return failureBody(
        { ...head, status: shape.failed ?? 'failed', credits: 0 },
        standing.failure,
        shape.failure ?? 'error',
      )
  }
}

function resultBody(done: Fields, task: Task, url: string, shape: ResultShape): Fields {
  switch (shape) {
    case 'output':
      return envelope({ ...done, output: { image_url: url, expires_at: seconds(task.createdAt + keptMs) } })
    case 'output_urls':
      return envelope({ ...done, output: { image_urls: [url] } })
    case 'result_images':
      return envelope({ ...done, result: { images: [{ url }] } })
    case 'result_url':
      return envelope({ ...done, result: { url } })
    case 'resultUrls':
      return envelope({ ...done, resultUrls: [url] })
    case 'images':
      return envelope({ ...done, images: [url] })
    case 'image_objects':
      return envelope({ ...done, images: [{ url, content_type: 'image/png' }] })
    case 'image_url':
      return envelope({ ...done, image_url: url })
    case 'resultJson':
      return envelope({ ...done, resultJson: JSON.stringify({ resultUrls: [url] }) })
    case 'flat':
      return { ...done, id: task.id, output: { image_url: url } }
    case 'none':
      return envelope(done)
  }
}

function failureBody(failed: Fields, { code, message }: TaskFailure, shape: FailureShape): Fields {
  switch (shape) {
    case 'error':
      return envelope({ ...failed, error: { code, message } })
    case 'error_text':
      return envelope({ ...failed, error: message })
    case 'fail_reason':
      return envelope({ ...failed, fail_reason: message })
    case 'failMsg':
      return envelope({ ...failed, failCode: code, failMsg: message })
    case 'flat':
      return { ...failed, id: failed.task_id, error: { code, message } }
    case 'none':
      return envelope(failed)
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
