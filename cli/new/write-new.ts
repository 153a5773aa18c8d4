import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { whyNot } from '../../core/why-not.ts'

/** Writes files that are not there yet, all or none. @throws USAGE when one of them is there, or cannot be written */
export function writeNew(files: readonly (readonly [path: string, text: string])[]): void {
  const there = files.map(([path]) => path).filter((path) => existsSync(path))
  if (there.length > 0)
    throw new NsnetError(
      'USAGE',
      `expected files that are not there yet, found ${there.join(', ')}`,
      `take another name${files.length > 1 ? ' or another --dir' : ''}, or move ${there.length > 1 ? 'them' : 'it'} away`,
    )
  for (const [path, text] of files) {
    try {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text, { flag: 'wx' })
    } catch (error) {
      throw new NsnetError('USAGE', `expected to write ${path}: ${whyNot(error)}`, 'write it elsewhere')
    }
  }
}
