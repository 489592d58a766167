// Entry point of `npm run slack:manifest`.
import { manifest } from './commands.ts'

process.stdout.write(`${JSON.stringify(manifest(), null, 2)}\n`)
