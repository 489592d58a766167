import { type Logger, LogLevel } from '@slack/bolt'
import type { Log } from '../core/ports.ts'

/**
 * Our log for Bolt. Its debug level would write prompts, response URLs and triggers, so that level does not exist here;
 * of its arguments only sentences and error messages are kept.
 */
export function boltLog(log: Log): Logger {
  const write = (level: 'info' | 'warn' | 'error') => {
    return (...parts: readonly unknown[]) => log[level]({ from: 'bolt' }, parts.map(sentence).join(' '))
  }
  return {
    debug: () => undefined,
    // What Bolt says at info level is for those who develop with it.
    info: () => undefined,
    warn: write('warn'),
    error: write('error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  }
}

function sentence(part: unknown): string {
  const text = typeof part === 'string' ? part : part instanceof Error ? part.message : ''
  return text.replace(/(?:https?|wss?):\/\/\S+/g, '[url]').slice(0, 300)
}
