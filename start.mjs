// Plain JavaScript on purpose: an older Node can't read main.ts far enough to say what is wrong.
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

const wanted = [24, 15]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  process.stderr.write(
    `imagine-bot needs Node ${wanted.join('.')} or newer; this is ${process.version}.\n` +
      'Run it with "npm start", which brings Node 24 along on Linux and Windows after "npm ci"; on a Mac install Node 24.\n',
  )
  process.exit(1)
}
module.enableCompileCache()
// Loading the libraries would let the young generation grow for good, by some 40 MB; main.ts gives it back its freedom.
setFlagsFromString('--semi-space-growth-factor=1')
const { main } = await import('./src/main.ts')
await main()
