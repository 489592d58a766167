import type { Log, Meter } from '../src/core/ports.ts'

/** Says errors alone, on stderr. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  child: () => quietLog,
}

export const noMeter: Meter = { count: () => undefined, time: () => undefined }
