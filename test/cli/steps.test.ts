import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { afterAll, describe, expect, test } from 'vitest'
import { builtinSteps } from '../../library/builtin.ts'
import { compactJson } from '../../cli/steps/compact-json.ts'
import { kindOf } from '../../cli/steps/kind.ts'
import { sheetOf } from '../../cli/steps/step-sheet.ts'
import { listText, sheetText } from '../../cli/steps/step-text.ts'
import { wrap } from '../../cli/text.ts'
import { expectGolden } from '../support/golden.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-steps-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const nsnet = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['dist/nsnet.js', ...args], { encoding: 'utf8' })

function fileOf(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

/** A workflow file with a plugin whose step type is `mine`; it is in the middle of being written. */
const using = (name: string, step: string): string => {
  const whole = `export default { type: 'mine', resources: () => ({}), probe: () => [], observe: () => 0, plan: () => 0, ${step} }`
  fileOf(`${name}.mjs`, whole)
  return fileOf(`${name}.json`, JSON.stringify({ plugins: [`./${name}.mjs`], steps: [{ id: 'a' }] }))
}

const noSchema = `input: { '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }) } }`

describe('nsnet steps', () => {
  test('lists the step types', async () => await expectGolden('steps.txt', nsnet('steps').stdout))
  test('explains one', async () => await expectGolden('steps-link.txt', nsnet('steps', 'link').stdout))
  test('tells programs the same', () => {
    expect(JSON.parse(nsnet('steps', '--json').stdout)).toEqual(JSON.parse(JSON.stringify(builtinSteps.map(sheetOf))))
    expect(JSON.parse(nsnet('steps', 'check', '--json').stdout)).toMatchObject({ type: 'check' })
  })
  test('refuses an unknown type, and asks for a near one', () => {
    const { status, stderr } = nsnet('steps', 'vteh')
    expect(status).toBe(64)
    expect(stderr).toContain('expected a step type, got "vteh"')
    expect(stderr).toContain('did you mean "veth"?')
  })
})

describe('the step type of a plugin', () => {
  test('is explained as the built-in ones are, and what it says cannot steer the terminal', async () => {
    const file = using(
      'whole',
      `summary: 'Says \\x1b[31mred\\x1b[0m.',
       docs: {
         details: 'First, with wide letters: ${'漢字 '.repeat(30)}\\n\\nSecond.',
         outputs: { colour: 'what it is' },
         examples: [{ id: 'a', uses: 'mine', with: { text: 'x' } }],
         manual: ['mine(1)', 'https://example.org/mine'],
       },
       outputs: { colour: () => 'red' },
       input: { '~standard': { version: 1, vendor: 'mine', validate: (value) => ({ value }), jsonSchema: { input: () => ({
         type: 'object',
         required: ['text'],
         properties: { text: { type: 'string', description: 'what to say', examples: ['x'] } },
       }) } } }`,
    )
    const { stdout, stderr } = nsnet('steps', 'mine', '--workflow', file)
    expect(stderr).toBe('')
    expect(stdout).not.toContain('\x1b')
    await expectGolden('steps-plugin.txt', stdout)
  })
  test('is in the schema too', () => {
    const { stdout, status } = nsnet('schema', using('schema', `summary: 'Mine.', ${noSchema}`))
    expect(status).toBe(0)
    const { enum: types } = JSON.parse(stdout).$defs.step.properties.uses.anyOf[0]
    expect(types).toEqual([...builtinSteps.map(({ type }) => type), 'mine'])
  })
  test('has fields that are not known, where its validator tells none', () => {
    expect(nsnet('steps', 'mine', '--workflow', using('none', noSchema)).stdout).toContain('not known')
  })
  test.each(['steps', 'schema', 'validate'])('is refused by %s when its docs are not what they should be', (verb) => {
    const path = using('bad', `docs: { manual: 'ip(8)' }, ${noSchema}`)
    const { status, stderr } = nsnet(verb, ...(verb === 'steps' ? ['--workflow'] : []), path)
    expect(status).toBe(65)
    expect(stderr).toContain(`expected the step's "docs" as StepDocs says, got a mistake in docs.manual`)
  })
  test.each(['steps', 'schema'])('is not looked for by %s in a file that does not say where it is', (verb) => {
    const path = fileOf('wrong.json', '{ "name": "lab", "plugins": ["/etc/passwd"], "steps": [] }')
    const { status, stderr } = nsnet(verb, ...(verb === 'steps' ? ['--workflow'] : []), path)
    expect({ status, stderr }).toEqual({ status: 65, stderr: expect.stringContaining('/plugins/0') })
  })
})

const plain = (_: string, text: string): string => text

describe('a page of a step type', () => {
  test.each([80, 60])('fits %i columns', (width) => {
    const lines = builtinSteps.map(sheetOf).flatMap((sheet) => sheetText({ ...sheet, examples: [] }, plain, width))
    expect(
      [...lines, ...listText(builtinSteps.map(sheetOf), plain, width)].filter((it) => stringWidth(it) > width),
    ).toEqual([])
  })
  test('fits 80 columns with its examples', () => {
    const lines = builtinSteps.map(sheetOf).flatMap((sheet) => sheetText(sheet, plain, 80))
    expect(lines.filter((line) => stringWidth(line) > 80)).toEqual([])
  })
  test('is wrapped by what letters take on a terminal', () =>
    expect(wrap('漢字 漢字 a 漢字漢字漢字漢字', 9)).toEqual(['漢字 漢字', 'a', '漢字漢字漢字漢字']))
  test('writes JSON as people do', () =>
    expect(compactJson({ a: [1, 'two'], b: { c: {}, d: ['x'.repeat(20)] } }, 34)).toBe(
      `{\n  "a": [1, "two"],\n  "b": {\n    "c": {},\n    "d": ["${'x'.repeat(20)}"]\n  }\n}`,
    ))
  test.each([
    [{ type: 'integer', minimum: 1, maximum: 9 }, 'integer from 1 to 9'],
    [{ type: 'number', minimum: 0 }, 'number from 0'],
    [{ type: 'integer', maximum: 9 }, 'integer up to 9'],
    [{ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }, 'integer'],
    [{ anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }, 'text or list of texts'],
    [{ enum: ['a', 'b'] }, '"a" or "b"'],
    [{ const: '+' }, '"+"'],
    [{}, 'any value'],
  ])('says of %j: %s', (schema, kind) => expect(kindOf(schema)).toBe(kind))
})
