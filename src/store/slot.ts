/**
 * Of tasks `t`: those that the image API may be at, until the time set at their begin. What is watched on after that (it
 * is overdue), or was never heard of again, holds nobody up. Slots and running jobs are counted by it, never kept as
 * numbers that could leak.
 */
export const holdsSlot = `t.slot_until > @now and t.state in ('submitting', 'polling', 'ambiguous')`
