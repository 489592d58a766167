import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const torture = 'test/torture/**/*.test.ts'

/** The two long runs first, or the others would have ended before they begin. */
class LongRunsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => /torture\/(sqlite|postgres)\.test/.test(moduleId)
    return (await super.sort(files)).toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)))
  }
}

export default defineConfig({
  test: {
    reporters: ['default'],
    sequence: { sequencer: LongRunsFirst },
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [torture],
          // Generous: a machine may be busy with other things.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of the time is waiting (for processes, sockets, pictures), so more files run than there are cores.
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: 'torture',
          include: [torture],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Each has many processes of its own, and chats wait for no machine: so after the others, not beside them.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
