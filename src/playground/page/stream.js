const retryMs = 1_500

/**
 * Keeps an event stream open while the page can be seen: browsers allow six connections to a server, and a hidden tab
 * needs none, as everything is told anew on return.
 */
export function openStream({ onState, onMessage, onConnection }) {
  let source = null
  let retry = 0

  function connect() {
    close()
    source = new EventSource('/playground/events')
    source.addEventListener('open', () => onConnection(true))
    source.addEventListener('state', (event) => onState(JSON.parse(event.data)))
    source.addEventListener('message', (event) => onMessage(JSON.parse(event.data)))
    source.addEventListener('error', () => {
      onConnection(false)
      // After an answer other than 200 the browser gives up for good.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMs)
    })
  }

  function close() {
    clearTimeout(retry)
    source?.close()
    source = null
  }

  function follow() {
    if (document.visibilityState === 'hidden') close()
    else if (source === null) connect()
  }

  document.addEventListener('visibilitychange', follow)
  window.addEventListener('online', connect)
  follow()
}
