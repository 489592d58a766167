import { readFileSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as after } from 'node:timers/promises'

/** What a stretch of work cost this process. Sizes in bytes, times in milliseconds. */
export interface Usage {
  readonly wallMs: number
  readonly cpuMs: number
  /** Resident at most during the work. */
  readonly peakBytes: number
  /** Resident at most, beyond what was resident before the work. */
  readonly extraBytes: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
}

/** Measures `work` in this process. */
export async function used(work: () => Promise<unknown>): Promise<Usage> {
  // What imports and warm-up left behind is settled first.
  await after(300)
  const before = process.memoryUsage.rss()
  forgetPeak()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const at = performance.now()
  await work()
  const wallMs = performance.now() - at
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  const peakBytes = peak()
  return {
    ...{ wallMs, cpuMs: (user + system) / 1000, peakBytes, extraBytes: Math.max(0, peakBytes - before) },
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
  }
}

/** Linux alone can forget it; elsewhere the peak is that of the process's whole life. */
function forgetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5')
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
