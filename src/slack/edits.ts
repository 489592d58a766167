import type { Clock } from '../core/ports.ts'
import { slackLimits } from './limits.ts'

/** The edits that each workspace still takes. Progress that finds none is dropped, never queued. */
export interface Edits {
  /** Takes an edit for progress; false when there is none to be had now. */
  take(team: string): boolean
  /** Counts an outcome's edit, which is made whatever is left. */
  spend(team: string): void
  /** No progress for a while: Slack asked to wait. */
  pause(team: string, ms: number): void
  /** Workspaces with edits within the last minute. */
  teams(): number
}

const minuteMs = 60_000
/** So many of a minute's edits are for progress; the others are left for outcomes. */
const forProgress = Math.floor(slackLimits.editsPerMinute * 0.8)

export function createEdits(clock: Clock): Edits {
  /** The times of the last minute's edits. */
  const made = new Map<string, number[]>()
  const pausedUntil = new Map<string, number>()

  function recent(team: string): number[] {
    const since = clock.monotonic() - minuteMs
    const times = (made.get(team) ?? []).filter((at) => at > since)
    if (times.length === 0) made.delete(team)
    else made.set(team, times)
    return times
  }

  function spend(team: string): void {
    made.set(team, [...recent(team), clock.monotonic()])
  }

  function isPaused(team: string): boolean {
    if ((pausedUntil.get(team) ?? 0) > clock.monotonic()) return true
    pausedUntil.delete(team)
    return false
  }

  return {
    take: (team) => {
      if (isPaused(team) || recent(team).length >= forProgress) return false
      spend(team)
      return true
    },
    spend,
    pause: (team, ms) => void pausedUntil.set(team, clock.monotonic() + ms),
    teams: () => [...made.keys()].filter((team) => recent(team).length > 0).length,
  }
}
