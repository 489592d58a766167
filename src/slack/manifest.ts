// Entry point of `npm run slack:manifest`: `-- --http https://imagine.example.com` for requests to our port instead of
// sockets, `-- https://imagine.example.com` for sockets and an install page for many workspaces.
import { manifest } from './commands.ts'

const http = process.argv.includes('--http')
const [given = null] = process.argv.slice(2).filter((argument) => argument !== '--http')
const publicUrl = given?.replace(/\/+$/, '') ?? null
if (http && publicUrl === null) {
  process.stderr.write(
    'Say where Slack reaches this port: npm run slack:manifest -- --http https://imagine.example.com\n',
  )
  process.exitCode = 1
} else if (publicUrl !== null && !/^https?:\/\/[^\s?#]+$/.test(publicUrl)) {
  process.stderr.write('That is no address: it has to look like https://imagine.example.com\n')
  process.exitCode = 1
} else {
  process.stdout.write(`${JSON.stringify(manifest({ transport: http ? 'http' : 'sockets', publicUrl }), null, 2)}\n`)
}
