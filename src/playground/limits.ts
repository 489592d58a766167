/** Largest picture taken in, in bytes: ARCHITECTURE.md, "Input images". */
export const uploadBytes = 20 * 1024 * 1024

/** Largest request besides a picture, in bytes: the longest prompt (5,000 characters) and sixteen names, many times over. */
export const messageBytes = 512 * 1024

/** Names of pictures that one message may list. The image API takes 16; more than that get the core's words for it. */
export const picturesListed = 100

/** Longest file name kept: what file systems allow, in bytes. */
export const nameLength = 255

/** Messages shown at first, and by each press of "Earlier". */
export const historyPage = 30

/** Views remembered for tabs that come later; a job's next progress brings back one that fell out. */
export const viewsKept = 500

/** Time from one progress edit to the next: the page itself moves the bar between two of them. */
export const paceMs = 1_000

/** An event stream without news says so this often, so that a dead connection is noticed. */
export const heartbeatMs = 15_000

/** How long a browser waits before it connects again. */
export const reconnectMs = 1_000
