import { isUtf8 } from 'node:buffer'
import type { Position } from './place-in.ts'
import { positionsIn, refusal, SPLIT, type Read } from './reading.ts'
import { readJson } from './source-json.ts'

/** A file as it was written: its value, and where each part of it stands. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly value: unknown
  /** Where the value of a JSON pointer begins, or the nearest thing around it that is there. */
  readonly at: (pointer: string) => Position
}

/** The largest file that is read, in bytes. */
export const MAX_BYTES = 2 * 1024 * 1024

/**
 * Reads JSON, or YAML where the path ends in `.yaml` or `.yml`. Of a key that stands twice, nothing is taken.
 *
 * A file has at most 2 MiB (about 20,000 steps) and 120,000 values, and is nested at most 64 deep; YAML also has at most
 * 100,000 tokens, for its reader is slow.
 *
 * @throws WORKFLOW_INVALID
 */
export async function parseSource(text: string, path: string): Promise<Source> {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_BYTES) throw tooLarge(path)
  const yaml = /\.ya?ml$/i.test(path)
  const content = text.replace(/^\ufeff/, '')
  const read = yaml ? (await import('./source-yaml.ts')).readYaml(content, path) : readJson(content, path)
  const at = (pointer: string): Position => nearestPosition(read, pointer)
  return { path, text, value: read.value, at }
}

/** Refuses a file that is too large to be one of ours. */
export const tooLarge = (path: string): Error =>
  refusal(path, `expected at most ${MAX_BYTES} bytes, got more: ${SPLIT}`)

/** Decodes a file. @throws WORKFLOW_INVALID when it is not UTF-8, at the first byte that cannot be */
export function decode(bytes: Buffer, path: string): string {
  if (/^(?:\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1', 0, 2))) throw refusal(path, 'expected UTF-8, got UTF-16')
  const text = bytes.toString('utf8')
  if (isUtf8(bytes)) return text
  const { at, byte } = firstReplaced(text, bytes)
  throw refusal(path, `expected UTF-8, got the byte 0x${bytes[byte]!.toString(16)}`, positionsIn(text)(at))
}

/** Finds the first character that stands for bytes which are none: one that is not in the bytes as it is in the text. */
function firstReplaced(text: string, bytes: Buffer): { readonly at: number; readonly byte: number } {
  const replacement = Buffer.from('\ufffd')
  let [from, byte] = [0, 0]
  for (;;) {
    const at = text.indexOf('\ufffd', from)
    byte += Buffer.byteLength(text.slice(from, at))
    if (!bytes.subarray(byte, byte + replacement.length).equals(replacement)) return { at, byte }
    byte += replacement.length
    from = at + 1
  }
}

function nearestPosition(read: Read, pointer: string): Position {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const position = read.at(at)
    if (position) return position
    if (at === '') return { line: 1, column: 1 }
  }
}
