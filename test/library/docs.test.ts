import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'

const page = readFileSync('docs/library.md', 'utf8')
const blocks = [...page.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!)
const programs = blocks.filter((code) => !code.includes("from 'vitest'"))

/** A project in which nsnet is installed, as it is built. */
const dir = mkdtempSync(join(tmpdir(), 'nsnet-docs-'))
beforeAll(() => {
  mkdirSync(join(dir, 'node_modules'))
  symlinkSync(resolve('.'), join(dir, 'node_modules/nsnet'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('the test in docs/library.md is the one of this suite', () => {
  const [shown, ...rest] = blocks.filter((code) => code.includes("from 'vitest'"))
  expect(rest).toEqual([])
  expect(shown).toBe(readFileSync('test/library/lab.test.ts', 'utf8').replace("'../../library/index.ts'", "'nsnet'"))
})

test('there are examples', () => expect(programs.length).toBeGreaterThan(3))

test.each(programs.map((code, at) => [at + 1, code] as const))(
  'example %d of docs/library.md runs, prints nothing, and its process ends by itself',
  async (at, code) => {
    const file = await compiled(`example-${at}`, code)
    expect(await promisify(execFile)(process.execPath, [file], { timeout: 30_000 })).toEqual({ stdout: '', stderr: '' })
  },
)

/** Compiles a program for this Node, which may not know `await using`. */
async function compiled(name: string, code: string): Promise<string> {
  const [from, to] = [join(dir, `${name}.ts`), join(dir, `${name}.mjs`)]
  writeFileSync(from, code)
  const made = await rolldown({ input: from, platform: 'node', external: ['nsnet'], transform: { target: 'node20' } })
  await made.write({ file: to, format: 'esm' })
  await made.close()
  return to
}
