import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { documentAt } from '../support/document.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const page = documentAt('docs/journal.md')
const source = readFileSync('core/events.ts', 'utf8')
const { dir, fileOf } = workspace()

/** The fields of a type in the source, `?` behind those that may be left out. */
function fieldsOf(type: string): readonly string[] {
  const body = new RegExp(`^export interface ${type} \\{\n([^]*?)^\\}`, 'm').exec(source)![1]!
  return [...body.matchAll(/^ {2}readonly (\w+\??):/gm)].map(([, field]) => field!)
}

const named = (cell: string): readonly string[] => [...cell.matchAll(/`(\w+\??)`/g)].map(([, name]) => name!)

test('the page has all events with all their fields, and no others', () => {
  const types = /export type RunEvent =([^]*?)\n\n/.exec(source)![1]!.match(/\w+/g)!
  const told = page.table('event', 'fields').map(([event, fields]) => [named(event!)[0], named(fields!)])
  expect(told).toEqual(types.map((type) => [type, fieldsOf(type).filter((field) => field !== 'type')]))
  const ofStep = page.table('field', 'is').flatMap(([fields]) => named(fields!))
  expect(page.text).toContain(`\`{ ${fieldsOf('Failure').join(', ')} }\``)
  expect(ofStep).toEqual(fieldsOf('Entry'))
  const steps = page.text.slice(page.text.indexOf('and a step of `steps` has'))
  const rows = steps.split('\n').filter((line) => line.startsWith('| `'))
  const first = rows.slice(0, rows.findIndex((row) => row.includes('retry?')) + 1)
  expect(first.flatMap((row) => named(row.split(' | ')[0]!)).toSorted()).toEqual(fieldsOf('StepSpec').toSorted())
})

const hasPython = spawnSync('python3', ['--version']).status === 0

test.skipIf(!hasPython)('its script finds a real journal whole, and each change of it', async () => {
  const world = await sandboxed()
  const file = fileOf(
    'büro',
    { id: 'a', uses: 'netns', with: { netns: 'a' } },
    { id: 'b', uses: 'netns', with: { netns: 'b' } },
  )
  expect(await world.nsnet('run', file, '--id', 'two')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', 'two')).toMatchObject({ exitCode: 0 })
  const journal = `${(await world.nsnet('log', 'two', '--json')).stdout.trimEnd()}\n`
  const script = join(dir, 'check.py')
  writeFileSync(script, page.blocks('python')[0]!)
  const checked = (text: string) => {
    writeFileSync(join(dir, 'copy.jsonl'), text)
    const { status, stdout, stderr } = spawnSync('python3', [script, join(dir, 'copy.jsonl')], { encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}`.trim() }
  }
  const lines = journal.split('\n').length - 1
  expect(lines).toBeGreaterThan(6)
  expect(checked(journal)).toEqual({ status: 0, said: `${lines} lines, all as they were written` })
  expect(checked(`${journal}{"v":1,"seq":`)).toMatchObject({ status: 0 })
  expect(checked(journal.replace('"step":"b"', '"step":"a"')).status).toBe(1)
  expect(checked(journal.replace(/^.*\n/, '')).status).toBe(1)
  expect(checked(journal.replace(/\n.*\n$/, '\n')).status).toBe(0)
})

test.skipIf(spawnSync('jq', ['--version']).status !== 0)('its examples of jq find what they say', () => {
  const failure = { message: 'no' }
  const events = [
    { type: 'StepPlanned', step: 'a', apply: [{ argv: ['ip', 'link'] }] },
    { type: 'StepFailed', step: 'a', failure },
    { type: 'StepApplied', step: 'b', durationMs: 3 },
  ]
  const input = events.map((event) => JSON.stringify({ event })).join('\n')
  const examples = [...page.text.matchAll(/jq (-[rs]) '([^]*?)'$/gm)]
  const said = examples.map(([, flag, filter]) => execFileSync('jq', ['-c', flag!, filter!], { input }).toString())
  expect(said).toEqual(['a: no\n', 'ip link\n', '[{"step":"b","durationMs":3}]\n'])
})
