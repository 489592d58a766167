import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Most of the time is waiting (for processes, sockets, pictures), so more files run than there are cores.
    maxWorkers: 4,
    reporters: ['default'],
  },
})
