import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { laws } from '../../testing/laws.ts'
import { hasPython } from '../support/foreign.ts'
import { workspace } from '../support/runs.ts'

const page = readFileSync('docs/testing-a-step.md', 'utf8')
const otherPage = readFileSync('docs/steps-in-other-languages.md', 'utf8')
const [plugin, tests] = [...page.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, text]) => text!)
const [message] = [...page.matchAll(/^```text\n([^]*?)^```$/gm)].map(([, text]) => text!)

const { dir } = workspace()
mkdirSync(join(dir, 'node_modules'))
symlinkSync(resolve('.'), join(dir, 'node_modules/nsnet'))
writeFileSync(join(dir, 'mtu.mjs'), plugin!)

test('the test of docs/testing-a-step.md passes in a project that has nsnet installed', async () => {
  writeFileSync(join(dir, 'mtu.test.mjs'), tests!)
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', join(dir, 'mtu.test.mjs')])
  expect(stdout).toMatch(/^# pass 4$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test.skipIf(!hasPython)('the test of docs/steps-in-other-languages.md passes, too', async () => {
  const [, program, text] = /```python\n([^]*?)^```$[^]*?^```js\n([^]*?)^```$/m.exec(otherPage)!
  writeFileSync(join(dir, 'mtu.py'), program!, { mode: 0o755 })
  writeFileSync(join(dir, 'mtu-py.test.mjs'), text!)
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', join(dir, 'mtu-py.test.mjs')])
  expect(stdout).toMatch(/^# pass 1$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test('the message of docs/testing-a-step.md is what comes of that example', async () => {
  const example = /^ {2}example {3}(.*)$/m.exec(message!)![1]!
  const file = join(dir, 'low.mjs')
  const code = `import { conforms } from 'nsnet/testing'
    import mtu from './mtu.mjs'
    await conforms(mtu, [{ input: ${example} }], { plugin: './mtu.mjs' }).catch(({ message }) => console.log(message))`
  writeFileSync(file, code)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: dir })
  const [shown, found] = [message!, stdout].map((text) => text.split('\n').filter((line) => !/^ {12}/.test(line)))
  expect(found).toEqual(shown)
  expect(stdout).toContain('2001:db8:51::2')
  rmSync(file)
})

test('the page names only rules that there are', () => {
  const named = [...page.matchAll(/contract \(([\w-]+)\)/g)].map(([, rule]) => rule!)
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((rule) => !(rule in laws))).toEqual([])
})
