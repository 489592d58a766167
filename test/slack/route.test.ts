import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageKeyOf, newAddress, type Place, readAddress, toAddress } from '../../src/slack/address.ts'
import type { Fault } from '../../src/slack/errors.ts'
import { elsewhere } from '../../src/slack/route.ts'

const origin = { team: 'T1', enterprise: null, channel: 'C1', thread: null, user: 'U1', private: false, response: null }
const place: Place = readAddress(newAddress(origin))
const message = { channel: 'C1', ts: '1.1', thread: null }

describe('elsewhere', () => {
  it('goes from the channel to the response URL to a direct message', () => {
    const responding = elsewhere({ ...place, message }, 'absent', true)
    expect(responding).toMatchObject({ route: 'respond', message: null, hindrance: 'absent' })
    if (responding === null) throw new Error('nowhere')
    const direct = elsewhere(responding, 'spent', false)
    expect(direct).toMatchObject({ route: 'person', message: null, hindrance: 'absent' })
    expect(direct === null ? null : elsewhere(direct, 'closed', true)).toBeNull()
  })

  it('never makes a private request public', () => {
    const hidden = readAddress(newAddress({ ...origin, private: true }))
    expect(hidden.route).toBe('person')
    const next = elsewhere(hidden, 'closed', true)
    expect(next).toMatchObject({ route: 'respond', hindrance: null })
    expect(next === null ? null : elsewhere(next, 'spent', false)).toBeNull()
    expect(elsewhere(hidden, 'closed', false)).toBeNull()
  })

  it('comes to an end, whatever Slack says', () => {
    const faults = fc.constantFrom<Fault>(
      'absent',
      'closed',
      'spent',
      'gone',
      'threadless',
      'unfit',
      'limited',
      'passing',
      'unknown',
    )
    fc.assert(
      fc.property(fc.infiniteStream(faults), fc.boolean(), fc.boolean(), (stream, hidden, mayRespond) => {
        let at: Place | null = { ...readAddress(newAddress({ ...origin, private: hidden })), thread: '1.0', message }
        let steps = 0
        for (const fault of stream) {
          at = elsewhere(at, fault, mayRespond)
          if (at === null) break
          steps += 1
          expect(steps).toBeLessThan(6)
        }
      }),
    )
  })
})

describe('an address', () => {
  it('comes back as it was, with the secret apart', () => {
    const full: Place = {
      ...place,
      message,
      response: { responseUrl: 'https://hooks.slack.com/x', issuedAt: 1, uses: 2 },
    }
    const address = toAddress(full)
    expect(readAddress(address)).toEqual(full)
    expect(JSON.stringify(address.at)).not.toContain('hooks')
    expect(readAddress({ at: address.at, secret: null }).response).toBeNull()
    expect(messageKeyOf(full)).toBe('T1:C1:1.1')
    expect(messageKeyOf(place)).toBeNull()
  })

  it('that is not ours is refused', () => {
    expect(() => readAddress({ at: { channelId: '1' }, secret: null })).toThrow('not an address of Slack')
    expect(() => readAddress({ at: toAddress(place).at, secret: { token: 'x' } })).toThrow('not an address of Slack')
  })
})
