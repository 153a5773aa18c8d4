import { resolve } from 'node:path'
import { expect } from 'vitest'

/** What differs from run to run: a pattern, and the word that stands for it in golden files. */
export type Mask = readonly [RegExp, string]

const always: readonly Mask[] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z?)?/g, 'TIME'],
  [/ *\b\d+(\.\d+)? (ms|s)\b/g, ' DURATION'],
  [/nsnet:[a-z][a-z0-9]{7}\//g, 'nsnet:RUN/'],
  [/\/tmp\/[\w-]+/g, '/tmp/DIR'],
]

/**
 * Compares a screen with the file `test/golden/NAME`, times, durations and temporary paths masked; `masks` are masked first
 * (ids of runs, inodes). `npx vitest run FILE -u` writes it anew: read the difference before you commit it.
 */
export async function expectGolden(name: string, screen: string, masks: readonly Mask[] = []): Promise<void> {
  const masked = [...masks, ...always].reduce((text, [pattern, word]) => text.replaceAll(pattern, word), screen)
  await expect(masked).toMatchFileSnapshot(resolve('test/golden', name))
}
