import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprint } from '../core/fingerprint.ts'
import {
  groupSchema,
  inputSchema,
  inputTypes,
  retrySchema,
  stepSchema,
  workflowSchema,
} from '../core/workflow-format.ts'
import { documentAt, expectScreen } from './support/document.ts'
import { workspace } from './support/runs.ts'
import { sandboxed } from './support/sandbox.ts'

const page = documentAt('docs/workflow-language.md')
const { dir } = workspace()

test('the table has all fields of the format, and no others', () => {
  const told = page.table('where', 'field').map(([where, field]) => `${where} ${field!.replaceAll('`', '')}`)
  const parts = {
    workflow: workflowSchema,
    input: inputSchema,
    group: groupSchema,
    step: stepSchema,
    retry: retrySchema,
  } as const
  const all = Object.entries(parts).flatMap(([where, { shape }]) => Object.keys(shape).map((it) => `${where} ${it}`))
  expect(told.toSorted()).toEqual(all.toSorted())
  const types = page.table('type', 'a value').map(([type]) => type!.replaceAll('`', ''))
  expect(types.toSorted()).toEqual([...inputTypes].toSorted())
})

test('each workflow is one, and the screens show what nsnet prints', async () => {
  const files = ['json', 'yaml'].flatMap((language) =>
    page.blocks(language).map((text) => {
      const path = join(dir, `${/"?name"?: "?([\w-]+)/.exec(text)![1]}.${language}`)
      writeFileSync(path, text)
      return path
    }),
  )
  expect(new Set(files).size).toBe(files.length)
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  for (const file of files) {
    const color = file.endsWith('room.json') ? ['--set', 'color=red'] : []
    expect(await world.nsnet('validate', file, ...color)).toMatchObject({ stderr: '', exitCode: 0 })
  }
  const screens = page.blocks('console')
  expect(screens.length).toBeGreaterThan(3)
  for (const screen of screens) await expectScreen(world, dir, screen)
  expect(await fingerprint(world.exec)).toEqual(before)
})
