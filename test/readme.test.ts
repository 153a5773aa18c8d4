import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const readme = readFileSync('README.md', 'utf8')

test('each promise of the README names tests that are there', () => {
  const rows = readme.slice(readme.indexOf('| promise |'), readme.indexOf('Where the promises end')).split('\n')
  const promises = rows.filter((row) => row.startsWith('| ')).slice(1)
  const shown = promises.map((row) => [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!))
  expect(shown.filter((paths) => paths.length === 0)).toEqual([])
  expect(shown.flat().filter((path) => !existsSync(path))).toEqual([])
  expect(promises.length).toBeGreaterThan(10)
})

test('each script of npm that the README names is there', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: object }
  const named = [...readme.matchAll(/npm (?:run )?(start|test[\w:]*)/g)].map(([, name]) => name!)
  expect(new Set(named)).toEqual(new Set(['start', 'test', 'test:crash']))
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})
