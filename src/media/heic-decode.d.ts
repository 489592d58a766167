declare module 'heic-decode' {
  interface Decoded {
    readonly width: number
    readonly height: number
    /** RGBA, 8 bits each. */
    readonly data: Uint8ClampedArray<ArrayBuffer>
  }
  interface Encoded {
    readonly width: number
    readonly height: number
    decode(): Promise<Decoded>
  }
  interface Input {
    readonly buffer: Uint8Array
  }
  /** The pictures of a file, decoded only on demand. Throws for what is no HEIC. */
  const decode: { all(input: Input): Promise<readonly Encoded[]> }
  export default decode
}
