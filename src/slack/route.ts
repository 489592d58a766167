import type { Place, Route } from './address.ts'
import type { Fault } from './errors.ts'

// A request in public is answered in public where that is possible, a private one never.
const publicRoutes: readonly Route[] = ['channel', 'respond', 'person']
const privateRoutes: readonly Route[] = ['person', 'respond']

/**
 * Where to show a job's message when Slack refused it at `place`: as a new message, outside the thread, by the response
 * URL, or in a direct message. Null when there is nowhere else. Each step goes down this list, so it comes to an end.
 */
export function elsewhere(place: Place, fault: Fault | null, mayRespond: boolean): Place | null {
  switch (fault) {
    case 'gone':
      return place.message === null ? null : { ...place, message: null }
    case 'threadless':
      return place.thread === null ? null : { ...place, message: null, thread: null }
    case 'unknown':
      return place.message === null ? byAnotherRoute(place, 'closed', mayRespond) : { ...place, message: null }
    case 'absent':
    case 'closed':
    case 'spent':
      return byAnotherRoute(place, fault, mayRespond)
    default:
      return null
  }
}

function byAnotherRoute(place: Place, fault: Fault, mayRespond: boolean): Place | null {
  const routes = place.private ? privateRoutes : publicRoutes
  const rest = routes.slice(routes.indexOf(place.route) + 1)
  const route = rest.find((candidate) => candidate !== 'respond' || mayRespond)
  if (route === undefined) return null
  return { ...place, route, message: null, hindrance: hindranceOf(place, fault) }
}

/** What people are told of the reason. */
function hindranceOf({ channel, private: hidden, hindrance }: Place, fault: Fault): Place['hindrance'] {
  if (hidden) return null
  if (fault === 'spent') return hindrance
  if (fault === 'closed') return 'closed'
  // Nobody can be invited to a conversation of two.
  return channel.startsWith('D') ? null : 'absent'
}
