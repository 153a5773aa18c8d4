import { existsSync, readdirSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, parse } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { nearest } from '../core/near.ts'
import { decode, MAX_BYTES, tooLarge } from '../core/source.ts'
import { whyNot } from '../core/why-not.ts'

/**
 * Reads a text file, a pipe (`nsnet validate <(…)`) or a device, to its end or to the most that a workflow file may have.
 *
 * @throws WORKFLOW_UNREADABLE; WORKFLOW_INVALID when it is too large or not UTF-8
 */
export async function readText(path: string): Promise<string> {
  const bytes = await reading(path)
  if (bytes.length > MAX_BYTES) throw tooLarge(path)
  return decode(bytes, path)
}

async function reading(path: string): Promise<Buffer> {
  try {
    const file = await open(path)
    return await upToLimit(file).finally(() => file.close())
  } catch (error) {
    const near = nearFile(path)
    const hint = near === undefined ? 'name a file with a workflow, in JSON or YAML' : `did you mean ${near}?`
    throw new NsnetError('WORKFLOW_UNREADABLE', `cannot read ${path}: ${whyNot(error)}`, hint)
  }
}

/** Finds a file of JSON or YAML beside one that is not there, with a name alike or the same without its ending. */
function nearFile(path: string): string | undefined {
  try {
    if (existsSync(path)) return undefined
    const names = readdirSync(dirname(path)).filter((name) => /\.(json|ya?ml)$/i.test(name))
    const same = names.find((name) => parse(name).name === basename(path))
    const near = same ?? nearest(basename(path), names)
    return near === undefined ? undefined : join(dirname(path), near)
  } catch {
    return undefined
  }
}

/** Reads until there is nothing more, or one byte too many. */
async function upToLimit(file: FileHandle): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let size = 0; size <= MAX_BYTES;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(64 * 1024))
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
  return Buffer.concat(chunks)
}
