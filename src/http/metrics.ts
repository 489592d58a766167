import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { counters, Meter, timings } from '../core/ports.ts'

export interface Metrics {
  readonly meter: Meter
  /** Everything in Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

type CounterName = (typeof counters)[number]
type TimingName = (typeof timings)[number]

/** The labels that the core and the adapters give; each from a closed set, so that series stay few. */
const labelNames = ['surface', 'outcome', 'answer', 'code'] as const
type LabelName = (typeof labelNames)[number]

const counterHelp: Readonly<Record<CounterName, string>> = {
  jobs_accepted: 'Requests written down to be carried out',
  jobs_refused: 'Requests answered with words instead of being accepted',
  jobs_ended: 'Jobs that came to their end, by outcome',
  status_queries: 'Looks at tasks of the image API, by what they told',
  platform_errors: 'Errors met at a chat platform',
}

/** Bounds in seconds, densest where each goal lies. */
const histograms: Readonly<Record<TimingName, { readonly help: string; readonly buckets: readonly number[] }>> = {
  ack: {
    help: 'From the arrival of a chat event to its acknowledgement',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3],
  },
  submit: {
    help: 'One POST to the image API',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  result: {
    help: 'From a request accepted to its answer shown',
    buckets: [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 120, 300, 600, 900],
  },
  detection_lag: {
    help: 'From a task’s end, as nearly as two looks can tell, to the look that saw it',
    buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30],
  },
  delivery: {
    help: 'From a job settled to its answer shown',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
}

/** Counters and histograms of this process, all named `imagine_…`. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'imagine_' })
  const counterOf = Object.fromEntries(
    Object.entries(counterHelp).map(([name, help]) => [
      name,
      new Counter({ name: `imagine_${name}_total`, help, labelNames, registers }),
    ]),
  ) as Readonly<Record<CounterName, Counter<LabelName>>>
  const histogramOf = Object.fromEntries(
    Object.entries(histograms).map(([name, { help, buckets }]) => [
      name,
      new Histogram({ name: `imagine_${name}_seconds`, help, labelNames, buckets: [...buckets], registers }),
    ]),
  ) as Readonly<Record<TimingName, Histogram<LabelName>>>
  return {
    meter: {
      count: (name, labels = {}) => counterOf[name].inc(known(labels)),
      time: (name, ms, labels = {}) => histogramOf[name].observe(known(labels), ms / 1000),
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

/** Counting must never fail a job: a label that nobody declared is left out rather than thrown about. */
function known(labels: Readonly<Record<string, string>>): Partial<Record<LabelName, string>> {
  return Object.fromEntries(labelNames.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])))
}
