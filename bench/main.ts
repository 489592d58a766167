import { commandToPost } from './command-to-post.ts'

// One table a benchmark; later ones join here.
for (const table of [await commandToPost()]) process.stdout.write(`${table}\n`)
process.exit()
