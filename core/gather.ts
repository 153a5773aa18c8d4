import type { Readable } from 'node:stream'

/** What a stream has given so far. */
export interface Gathered {
  readonly bytes: () => number
  /** Everything, as text. */
  readonly text: () => string
  /** The last bytes, at least `count` of them where there are as many, one character a byte. */
  readonly tail: (count: number) => string
  /** When there is nothing more to come. */
  readonly closed: Promise<unknown>
  /** Forgets it all. */
  readonly clear: () => void
}

/** Collects what a stream gives; `more` is told after each piece. */
export function gather(stream: Readable, more: () => void): Gathered {
  let chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    more()
  })
  // a stream of a process that was ended may break off
  stream.on('error', () => undefined)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  return {
    closed,
    bytes: () => bytes,
    text: () => Buffer.concat(chunks).toString(),
    tail(count) {
      let [at, length] = [chunks.length, 0]
      while (at > 0 && length < count) length += chunks[--at]!.length
      return Buffer.concat(chunks.slice(at)).subarray(-count).toString('latin1')
    },
    clear() {
      chunks = []
      bytes = 0
    },
  }
}
