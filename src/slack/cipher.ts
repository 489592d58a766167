import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../core/failure.ts'

/** Encrypts secrets for the store. */
export interface Cipher {
  /** `name` is where it is kept: a text moved to another place can't be read there. */
  seal(name: string, text: string): string
  /** Throws `configuration` where it was sealed with another key, or was changed. */
  open(name: string, sealed: string): string
}

const version = 'v1'
/** AES-256-GCM as NIST SP 800-38D has it: a new nonce of 96 bits each time, a tag of 128 bits. */
const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export function createCipher(key: string): Cipher {
  const derived = Buffer.from(hkdfSync('sha256', key, '', 'imagine-bot installations', 32))

  return {
    seal: (name, text) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, derived, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(name))
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final()]
      return `${version}.${Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64url')}`
    },
    open: (name, sealed) => {
      const [given, data = ''] = sealed.split('.')
      const bytes = Buffer.from(data, 'base64url')
      try {
        if (given !== version || bytes.length < nonceBytes + tagBytes) throw new Error('not of this form')
        const nonce = bytes.subarray(0, nonceBytes)
        const decipher = createDecipheriv(algorithm, derived, nonce, { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-tagBytes))
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString(
          'utf8',
        )
      } catch (cause) {
        throw new AppError('configuration', {
          detail: 'SECRETS_KEY is not the key that Slack’s tokens were stored with: set that one again',
          cause,
        })
      }
    },
  }
}
