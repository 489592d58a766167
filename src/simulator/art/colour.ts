/** `#rrggbb`. */
export type Colour = `#${string}`

type Channels = readonly [number, number, number]

/** The colour a share `t` (0–1) of the way from `a` to `b`. */
export function mix(a: Colour, b: Colour, t: number): Colour {
  const [ar, ag, ab] = channels(a)
  const [br, bg, bb] = channels(b)
  const share = Math.min(1, Math.max(0, t))
  return hex([ar + (br - ar) * share, ag + (bg - ag) * share, ab + (bb - ab) * share])
}

/** The colour at `t` (0–1) on a scale of several. */
export function along(scale: readonly [Colour, ...Colour[]], t: number): Colour {
  const place = Math.min(1, Math.max(0, t)) * (scale.length - 1)
  const index = Math.min(scale.length - 1, Math.floor(place))
  const from = scale[index] ?? scale[0]
  return mix(from, scale[index + 1] ?? from, place - index)
}

/** Perceived lightness, 0–1. */
export function lightness(colour: Colour): number {
  const [r, g, b] = channels(colour)
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255
}

/** Red, green and blue, 0–255. */
export function channels(colour: Colour): Channels {
  const value = Number.parseInt(colour.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function hex(parts: Channels): Colour {
  return `#${parts.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
}
